package otlp

import (
	"slices"
	"strconv"
	"strings"

	common "go.opentelemetry.io/proto/slim/otlp/common/v1"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// The attributes that OpenTelemetry's semantic conventions have for where measurements come from.
const (
	serviceName = "service.name"
	instanceID  = "service.instance.id"
	hostName    = "host.name"
	processID   = "process.pid"
)

// identifier says which resource a series belongs to, and by which attributes it is known there.
type identifier struct {
	common []*common.KeyValue // of all resources
	fixed  bool               // the service's name among them
	apart  backend.Apart
	made   map[string]*resource // by what differs between them
}

// resource is where measurements come from. Equal ones are the same.
type resource struct{ attributes []*common.KeyValue }

func newIdentifier(cfg Config) *identifier {
	id := &identifier{apart: cfg.Apart, made: make(map[string]*resource)}
	for k, v := range cfg.Resource {
		id.common = append(id.common, text(k, v))
		id.fixed = id.fixed || k == serviceName
	}
	slices.SortFunc(id.common, func(a, b *common.KeyValue) int { return strings.Compare(a.Key, b.Key) })
	return id
}

// of returns a series' resource and its attributes there.
func (id *identifier) of(s *metric.Series) (*resource, []*common.KeyValue) {
	attributes := []*common.KeyValue{text("level", string(s.Level))}
	taken := func(key string) bool {
		return slices.ContainsFunc(attributes, func(a *common.KeyValue) bool { return a.Key == key }) ||
			slices.ContainsFunc(s.Tags, func(t metric.Tag) bool { return t.Key == key })
	}
	if id.fixed && s.Source != "" {
		attributes = append(attributes, text("source", s.Source))
	}
	own := len(attributes)
	var host, process string
	for _, t := range s.Tags {
		switch {
		case id.apart == backend.ByHost && t.Key == "host":
			host = t.Value
			continue
		case id.apart == backend.ByProcess && t.Key == "process":
			process = t.Value
			continue
		}
		key := t.Key
		if slices.ContainsFunc(attributes[:own], func(a *common.KeyValue) bool { return a.Key == key }) {
			for key += "_"; taken(key); key += "_" {
			}
		}
		attributes = append(attributes, text(key, t.Value))
	}
	source := s.Source
	if id.fixed {
		source = ""
	}
	return id.resource(source, host, process), attributes
}

func (id *identifier) resource(source, host, process string) *resource {
	key := source + "\x00" + host + "\x00" + process // none of which holds a control character
	r := id.made[key]
	if r != nil {
		return r
	}
	r = &resource{}
	add := func(kv *common.KeyValue) {
		if !slices.ContainsFunc(id.common, func(a *common.KeyValue) bool { return a.Key == kv.Key }) {
			r.attributes = append(r.attributes, kv)
		}
	}
	if source != "" {
		add(text(serviceName, source))
	}
	if host != "" {
		add(text(hostName, host))
	}
	if process != "" {
		add(text(instanceID, process))
		if at := strings.LastIndexByte(process, ':'); at >= 0 {
			if pid, err := strconv.ParseInt(process[at+1:], 10, 64); err == nil {
				add(text(hostName, process[:at]))
				add(&common.KeyValue{Key: processID, Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: pid}}})
			}
		}
	}
	r.attributes = append(r.attributes, id.common...)
	id.made[key] = r
	return r
}

func text(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: valid(key), Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: valid(value)}}}
}
