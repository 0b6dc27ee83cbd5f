package librato_test

import (
	"fmt"

	"github.com/zibrato/zibrato/librato"
)

func ExampleAPI() {
	for _, api := range []librato.API{librato.Measurements, librato.Metrics, "v2"} {
		cfg := librato.Config{User: "me@example.org", Token: "75fd2a", API: api}
		fmt.Println(api, cfg.Validate() == nil)
	}
	// Output:
	// measurements true
	// metrics true
	// v2 false
}

// Neither the user nor the token shows, however a config is printed.
func ExampleConfig_String() {
	fmt.Println(librato.Config{User: "me@example.org", Token: "75fd2a"})
	// Output: librato.Config{URL: "https://metrics-api.librato.com/v1/measurements", User: [redacted], Token: [redacted], BatchSize: 500, Gzip: false, Prefix: "", Percentiles: [], From: "", Levels: "", Interval: 0s}
}
