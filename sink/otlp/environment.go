package otlp

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// FromEnvironment returns the Config that OpenTelemetry's environment variables ask for, those of metrics before those of all signals:
//
//	OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT (below which it is v1/metrics)
//	OTEL_EXPORTER_OTLP_[METRICS_]HEADERS, _TIMEOUT, _COMPRESSION, _CERTIFICATE, _CLIENT_CERTIFICATE, _CLIENT_KEY, _PROTOCOL
//	OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: cumulative, delta or lowmemory, which comes to delta
//	OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME
//
// lookup returns a variable's value, "" for one that is not set, as os.Getenv does. Files that variables name are read. Errors name the variable, and
// hold no secret. An endpoint for another protocol than http/protobuf is an error.
//
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
func FromEnvironment(lookup func(string) string) (Config, error) {
	var cfg Config
	// of returns what is set for metrics, else for all, and the name of the variable.
	of := func(name string) (value, variable string) {
		for _, prefix := range []string{"OTEL_EXPORTER_OTLP_METRICS_", "OTEL_EXPORTER_OTLP_"} {
			if v := strings.TrimSpace(lookup(prefix + name)); v != "" {
				return v, prefix + name
			}
		}
		return "", ""
	}
	fail := func(variable string, err error) (Config, error) {
		return Config{}, fmt.Errorf("otlp: %s: %w", variable, err)
	}

	endpoint, variable := of("ENDPOINT")
	cfg.URL = endpoint
	if variable == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		cfg.URL = MetricsURL(endpoint)
	}
	if p, name := of("PROTOCOL"); p != "" && p != "http/protobuf" && endpoint != "" {
		return fail(name, fmt.Errorf("%q: the endpoint of %s is for it, and only http/protobuf is spoken here", p, variable))
	}
	if _, err := cfg.endpoint(); err != nil {
		return fail(variable, err)
	}

	var err error
	headers, variable := of("HEADERS")
	if cfg.Headers, err = pairs(headers); err != nil {
		return fail(variable, err)
	}
	if v, name := of("TIMEOUT"); v != "" {
		ms, err := strconv.ParseUint(v, 10, 31)
		if err != nil || ms == 0 {
			return fail(name, fmt.Errorf("%q: want milliseconds", v))
		}
		cfg.Timeout = time.Duration(ms) * time.Millisecond
	}
	switch v, name := of("COMPRESSION"); v {
	case "", "none":
	case "gzip":
		cfg.Gzip = true
	default:
		return fail(name, fmt.Errorf("%q: want gzip or none", v))
	}
	authorities, name1 := of("CERTIFICATE")
	certificate, name2 := of("CLIENT_CERTIFICATE")
	key, name3 := of("CLIENT_KEY")
	if authorities != "" || certificate != "" || key != "" {
		if cfg.TLS, err = LoadTLS(authorities, certificate, key); err != nil {
			return fail(strings.Join(strings.Fields(name1+" "+name2+" "+name3), ", "), err)
		}
	}
	const preference = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
	switch v := strings.ToLower(strings.TrimSpace(lookup(preference))); v {
	case "", "cumulative":
	case "delta", "lowmemory":
		cfg.Temporality = Delta
	default:
		return fail(preference, fmt.Errorf("%q: want cumulative, delta or lowmemory", v))
	}
	if cfg.Resource, err = pairs(lookup("OTEL_RESOURCE_ATTRIBUTES")); err != nil {
		return fail("OTEL_RESOURCE_ATTRIBUTES", err)
	}
	if v := strings.TrimSpace(lookup("OTEL_SERVICE_NAME")); v != "" {
		if cfg.Resource == nil {
			cfg.Resource = make(map[string]string)
		}
		cfg.Resource[serviceName] = v
	}
	return cfg, nil
}

// pairs reads key=value,key=value, percent-encoded. Its errors quote keys alone.
func pairs(list string) (map[string]string, error) {
	var m map[string]string
	for i, pair := range strings.Split(list, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("element %d has no =", i+1)
		}
		k, err1 := url.PathUnescape(strings.TrimSpace(k))
		v, err2 := url.PathUnescape(strings.TrimSpace(v))
		switch {
		case err1 != nil || k == "":
			return nil, fmt.Errorf("element %d has no key that can be read", i+1)
		case err2 != nil:
			return nil, errors.New(k + ": the value is not percent-encoded as it should be")
		}
		if m == nil {
			m = make(map[string]string)
		}
		m[k] = v
	}
	return m, nil
}
