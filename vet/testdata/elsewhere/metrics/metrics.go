// Package metrics has the instruments of a program.
package metrics

import "github.com/zibrato/zibrato"

var Queries = zibrato.NewTimer("db.query")
