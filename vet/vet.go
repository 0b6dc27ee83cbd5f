package vet

import "golang.org/x/tools/go/analysis"

// page documents the findings, each under a heading with the analyzer's name.
const page = "https://github.com/zibrato/zibrato/blob/main/docs/zibratovet.md"

// All returns the analyzers of this package.
func All() []*analysis.Analyzer {
	return []*analysis.Analyzer{DroppedTiming, MissingStop, HotInstrument, BuiltName}
}
