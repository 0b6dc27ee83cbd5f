package zotel

import (
	"reflect"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/zibrato/zibrato"
)

func ofAdd(opts []metric.AddOption) attribute.Set {
	if ordinary(opts) {
		return metric.NewAddConfig(opts).Attributes()
	}
	return withRaw(metric.NewAddConfig(present(opts)).Attributes(), opts)
}

func ofRecord(opts []metric.RecordOption) attribute.Set {
	if ordinary(opts) {
		return metric.NewRecordConfig(opts).Attributes()
	}
	return withRaw(metric.NewRecordConfig(present(opts)).Attributes(), opts)
}

func ofObserve(opts []metric.ObserveOption) attribute.Set {
	return withRaw(metric.NewObserveConfig(present(opts)).Attributes(), opts)
}

// usual is the type of the options that the API has.
var usual = reflect.TypeOf(metric.WithAttributes())

// ordinary reports whether the API knows all of the options, so that nothing else is to be looked for. It is quicker than looking.
func ordinary[O any](opts []O) bool {
	for _, o := range opts {
		if reflect.TypeOf(o) != usual {
			return false
		}
	}
	return true
}

// present leaves out options that are nil, on which the API would panic.
func present[O any](opts []O) []O {
	for _, o := range opts {
		if any(o) == nil {
			return slices.DeleteFunc(slices.Clone(opts), func(o O) bool { return any(o) == nil })
		}
	}
	return opts
}

// raw is an option of the API's experimental part, which the API itself leaves for implementations to look for.
type raw interface{ RawAttributes() []attribute.KeyValue }

// withRaw adds the attributes of such options, which win.
func withRaw[O any](set attribute.Set, opts []O) attribute.Set {
	for _, o := range opts {
		if r, ok := any(o).(raw); ok {
			set = attribute.NewSet(append(set.ToSlice(), r.RawAttributes()...)...)
		}
	}
	return set
}

// overflow are the attributes of what found no room for its own, as the specification has it.
var overflow = attribute.NewSet(attribute.Bool("otel.metric.overflow", true))

// tagsOf returns attributes as tags: values in the form that the specification gives for what knows strings only.
func tagsOf(prefix string, set attribute.Set) []zibrato.Option {
	tags := make([]zibrato.Option, 0, set.Len())
	for i := set.Iter(); i.Next(); {
		a := i.Attribute()
		tags = append(tags, zibrato.Tag(prefix+string(a.Key), a.Value.String()))
	}
	return tags
}
