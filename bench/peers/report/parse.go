package main

import (
	"regexp"
	"strconv"
	"strings"
)

var procsSuffix = regexp.MustCompile(`-\d+$`)

// parseLine reads a line of the go command's benchmark output: a name, the number of iterations, pairs of value and unit.
//
// https://go.dev/design/14313-benchmark-format
func parseLine(line string) (name string, values map[string]float64, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || len(fields)%2 != 0 {
		return "", nil, false
	}
	name, ok = strings.CutPrefix(fields[0], "Benchmark")
	if _, err := strconv.Atoi(fields[1]); !ok || err != nil {
		return "", nil, false
	}
	values = map[string]float64{}
	for i := 2; i < len(fields); i += 2 {
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return "", nil, false
		}
		values[fields[i+1]] = v
	}
	return procsSuffix.ReplaceAllString(name, ""), values, true
}
