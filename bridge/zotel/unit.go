package zotel

import "math"

// unit is how values of an instrument become those of its series: multiplied.
type unit struct {
	series string // the unit of the series
	factor int64
	time   bool
}

// unitOf returns the unit of instruments that count, or measure time: time becomes nanoseconds, which are whole numbers.
func unitOf(ucum string) unit {
	switch ucum {
	case "s":
		return unit{"ns", 1e9, true}
	case "ms":
		return unit{"ns", 1e6, true}
	case "us":
		return unit{"ns", 1e3, true}
	case "ns":
		return unit{"ns", 1, true}
	}
	return unit{ucum, 1, false}
}

// whole multiplies a whole number; ok is false if there is no room for the product.
func (u unit) whole(n int64) (product int64, ok bool) {
	if u.factor == 1 {
		return n, true
	}
	product = n * u.factor
	return product, product/u.factor == n
}

// float multiplies a number; ok is false if the product is no number, or too large for a whole one.
func (u unit) float(v float64) (product float64, ok bool) {
	product = v * float64(u.factor)
	return product, math.Abs(product) < 1<<63
}
