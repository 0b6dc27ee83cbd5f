// Command program links what instrumented code links: all methods of a recorder, its instruments and its ring, and Inc and Time.
package main

import (
	"reflect"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/ring"
)

func main() {
	zibrato.Inc("x")
	zibrato.Time("x")()
	for _, x := range []any{ring.New(0, 1), zibrato.New(zibrato.Config{})} {
		v := reflect.ValueOf(x)
		for i := range v.NumMethod() {
			v.Method(i).Call(nil)
		}
	}
}
