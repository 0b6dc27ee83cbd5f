package otlp

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"

	"github.com/zibrato/zibrato/internal/post"
)

// newClient makes the client of a valid cfg.
func newClient(cfg Config) *post.Client {
	e, _ := cfg.endpoint()
	headers := make(http.Header, len(cfg.Headers))
	for k, v := range cfg.Headers {
		headers.Set(k, v)
	}
	return post.New(post.Config{
		Sink: "otlp", Method: http.MethodPost, URL: e.url, Shown: withoutQuery(e.url),
		UserAgent: userAgent, ContentType: "application/x-protobuf", Gzip: cfg.Gzip, Timeout: cfg.Timeout, Client: cfg.Client, TLS: cfg.TLS,
		Attach: func(r *http.Request) {
			if e.user+e.password != "" {
				r.SetBasicAuth(e.user, e.password)
			}
			for k, v := range headers {
				r.Header[k] = v
			}
			if host := headers.Get("Host"); host != "" {
				r.Host = host
			}
		},
		Scrub:   post.Scrubber(secrets(cfg, e)...),
		Telling: func(status int) bool { return status/100 == 2 },
	})
}

// secrets are those of a configuration: of headers, credentials and query, in whole and in part.
func secrets(cfg Config, e endpoint) (all []string) {
	for _, v := range cfg.Headers {
		all = append(all, v)
		if scheme, credentials, ok := strings.Cut(v, " "); ok {
			all = append(all, credentials)
			if plain, err := base64.StdEncoding.DecodeString(credentials); strings.EqualFold(scheme, "basic") && err == nil {
				_, password, _ := strings.Cut(string(plain), ":")
				all = append(all, string(plain), password)
			}
		}
	}
	if e.user+e.password != "" {
		all = append(all, e.password, base64.StdEncoding.EncodeToString([]byte(e.user+":"+e.password)))
	}
	if _, query, ok := strings.Cut(e.url, "?"); ok {
		all = append(all, query)
		if values, err := url.ParseQuery(query); err == nil {
			for _, vs := range values {
				all = append(all, vs...)
			}
		}
	}
	return all
}

// userAgent has the form that OTLP asks of exporters.
var userAgent = fmt.Sprintf("OTel-OTLP-Exporter-Zibrato/%s (%s; %s-%s)",
	post.Version("github.com/zibrato/zibrato/sink/otlp"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
