// Command zibratovet finds mistakes in the use of Zibrato, and repairs those that it can.
//
//	go vet -vettool=$(which zibratovet) ./...
//	zibratovet ./...
//	zibratovet -fix ./...
//
// The first form uses go vet's cache. All take the analyzers' names as flags: -hotinstrument=false leaves that one out, -missingstop runs it alone.
// zibratovet help lists them.
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/zibrato/zibrato/vet"
)

func main() { multichecker.Main(vet.All()...) }
