package zexpvar

import (
	"encoding/json"
	"expvar"
	"maps"
	"math"
	"slices"
	"strings"
)

// number is one that was read.
type number struct {
	key
	variable string
	float    float64
	whole    int64 // as a counter has it
}

// reading is what was read at once.
type reading struct {
	numbers  []number
	panicked []string // variables that did so, and are missing at least in part
}

// deepest is how many objects within objects are looked into.
const deepest = 8

// walk reads all variables that are selected.
func (r *Reader) walk() reading {
	w := walker{r: r}
	for _, kv := range held(expvar.Do) {
		if r.cfg.Select(kv.Key) {
			w.variable = kv.Key
			w.read(key{name: kv.Key}, r.cfg.Tag(kv.Key), kv.Value, 0)
		}
	}
	return w.reading
}

// held returns what there is to iterate over. The iteration itself holds a lock that who adds a variable waits for, so nothing is read in it: it could be a function that hangs.
func held(do func(func(expvar.KeyValue))) (all []expvar.KeyValue) {
	do(func(kv expvar.KeyValue) {
		if kv.Value != nil {
			all = append(all, kv)
		}
	})
	return all
}

// walker collects numbers.
type walker struct {
	r        *Reader
	variable string // that is read
	reading
}

// read reads what may be a Map, whose keys are the values of a tag where there is one. What panics must not end the program, nor hide what else a Map holds.
func (w *walker) read(k key, tag string, v expvar.Var, depth int) {
	defer func() {
		if recover() != nil {
			w.panicked = append(w.panicked, w.variable)
		}
	}()
	switch v := v.(type) {
	case *expvar.Int:
		w.whole(k, v.Value())
	case *expvar.Float:
		w.float(k, v.Value())
	case *expvar.Map:
		if depth < deepest {
			for _, kv := range held(v.Do) {
				w.read(k.within(kv.Key, tag), "", kv.Value, depth+1)
			}
		}
	case *expvar.String:
	default:
		w.text(k, tag, v.String(), depth)
	}
}

// text reads what gives JSON.
func (w *walker) text(k key, tag, text string, depth int) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) == nil {
		w.value(k, tag, v, depth)
	}
}

func (w *walker) value(k key, tag string, v any, depth int) {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			w.whole(k, n)
		} else if f, err := v.Float64(); err == nil {
			w.float(k, f)
		}
	case map[string]any:
		if depth < deepest {
			for _, name := range slices.Sorted(maps.Keys(v)) { // so that of two that come to have one name it is always the same that is recorded
				w.value(k.within(name, tag), "", v[name], depth+1)
			}
		}
	}
}

// within returns the key of what a Map holds.
func (k key) within(name, tag string) key {
	if tag != "" {
		return key{k.name, tag, name}
	}
	k.name += "." + name
	return k
}

func (w *walker) whole(k key, n int64) {
	w.numbers = append(w.numbers, number{k, w.variable, float64(n), n})
}

func (w *walker) float(k key, f float64) {
	if f-f != 0 { // NaN or infinite
		return
	}
	w.numbers = append(w.numbers, number{k, w.variable, f, int64(min(max(math.Floor(f), math.MinInt64), 1<<62))})
}
