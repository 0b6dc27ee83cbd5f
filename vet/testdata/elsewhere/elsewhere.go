// Package elsewhere uses instruments that another package has.
package elsewhere

import "example/elsewhere/metrics"

func query() {
	defer metrics.Queries.Start() // want `deferred without .Stop\(\)`
}
