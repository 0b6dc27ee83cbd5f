package zexpvar

import (
	"encoding/json"
	"expvar"
	"math"
	"strings"
)

// number is one that was read.
type number struct {
	key
	float float64
	whole int64 // as a counter has it
}

// deepest is how many objects within objects are looked into.
const deepest = 8

// walk reads all variables that are selected.
func (r *Reader) walk() []number {
	w := walker{r: r}
	for _, kv := range held(expvar.Do) {
		if r.cfg.Select(kv.Key) {
			w.top(kv)
		}
	}
	return w.numbers
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
	r       *Reader
	numbers []number
}

// top reads a variable. One that panics must not end the program.
func (w *walker) top(kv expvar.KeyValue) {
	defer func() {
		if recover() != nil {
			w.r.panics.Inc()
		}
	}()
	w.variable(key{name: kv.Key}, w.r.cfg.Tag(kv.Key), kv.Value, 0)
}

// variable reads what may be a Map, whose keys are the values of a tag where there is one.
func (w *walker) variable(k key, tag string, v expvar.Var, depth int) {
	switch v := v.(type) {
	case *expvar.Int:
		w.whole(k, v.Value())
	case *expvar.Float:
		w.float(k, v.Value())
	case *expvar.Map:
		if depth < deepest {
			for _, kv := range held(v.Do) {
				w.variable(k.within(kv.Key, tag), "", kv.Value, depth+1)
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
			for name, of := range v {
				w.value(k.within(name, tag), "", of, depth+1)
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

func (w *walker) whole(k key, n int64) { w.numbers = append(w.numbers, number{k, float64(n), n}) }

func (w *walker) float(k key, f float64) {
	if f-f != 0 { // NaN or infinite
		return
	}
	w.numbers = append(w.numbers, number{k, f, int64(min(max(math.Floor(f), math.MinInt64), 1<<62))})
}
