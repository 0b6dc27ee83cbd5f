package zotel

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/zibrato/zibrato"
)

func ofAdd(opts []metric.AddOption) attribute.Set {
	opts = present(opts)
	return withRaw(metric.NewAddConfig(opts).Attributes(), opts)
}

func ofRecord(opts []metric.RecordOption) attribute.Set {
	opts = present(opts)
	return withRaw(metric.NewRecordConfig(opts).Attributes(), opts)
}

func ofObserve(opts []metric.ObserveOption) attribute.Set {
	opts = present(opts)
	return withRaw(metric.NewObserveConfig(opts).Attributes(), opts)
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

// most is how many bytes of attributes are kept to know them again.
const most = 4096

// own returns a copy of the set that shares no strings with the caller's, so that no attribute pins the body that it was cut from; ok is
// false if it is too large to be kept.
func own(set attribute.Set) (copied attribute.Set, ok bool) {
	all := set.ToSlice()
	size := 0
	for i, a := range all {
		size += len(a.Key)
		switch a.Value.Type() {
		case attribute.BOOL, attribute.INT64, attribute.FLOAT64:
		case attribute.STRING:
			size += len(a.Value.AsString())
		default:
			size += len(a.Value.String())
		}
		if size > most {
			return set, false
		}
		all[i].Key = attribute.Key(strings.Clone(string(a.Key)))
		if a.Value.Type() == attribute.STRING {
			all[i].Value = attribute.StringValue(strings.Clone(a.Value.AsString()))
		}
	}
	return attribute.NewSet(all...), true
}
