package demo

import (
	"math"
	"testing"
)

func TestNumbersAreWrittenForPeople(t *testing.T) {
	tests := []struct {
		v    float64
		unit string
		want string
	}{
		{0, "s", "0 ns"},
		{1.5e-9, "s", "1.50 ns"},
		{999.4e-9, "s", "999 ns"},
		{999.6e-9, "s", "1.00 µs"},
		{12.34e-6, "s", "12.3 µs"},
		{0.1234, "s", "123 ms"},
		{3600, "s", "3600 s"},
		{512, "By", "512 B"},
		{1536, "By", "1.50 KiB"},
		{34.24 * (1 << 20), "By", "34.2 MiB"},
		{0.0012, "", "0.0012"},
		{17, "", "17"},
		{-3.14159, "1", "-3.14"},
		{1234, "{request}", "1.23 k"},
		{2.5e9, "Hz", "2.50 GHz"},
		{45.25, "%", "45.2 %"},
		{5e15, "", "5000 T"},
		{-math.MaxFloat64, "By", "-2e+296"},
		{math.SmallestNonzeroFloat64, "", "4.9e-324"},
		{math.NaN(), "s", "-"},
		{math.Inf(-1), "", "-"},
	}
	for _, test := range tests {
		if got := formatValue(test.v, test.unit); got != test.want {
			t.Errorf("formatValue(%v, %q) = %q, want %q", test.v, test.unit, got, test.want)
		}
	}
}

func TestCountsAndRatesKeepTheirDigits(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 999_999: "999,999", 1_000_000: "1 M", 84_213_456: "84.2 M"} {
		if got := formatCount(n); got != want {
			t.Errorf("formatCount(%v) = %q, want %q", n, got, want)
		}
	}
	for r, want := range map[float64]string{0: "0", 0.25: "0.25", 12.34: "12.3", 999.7: "1,000", 42106.4: "42,106", 3.2e6: "3.20 M"} {
		if got := formatRate(r); got != want {
			t.Errorf("formatRate(%v) = %q, want %q", r, got, want)
		}
	}
}
