module github.com/zibrato/zibrato/bridge/zotel

go 1.26.0

require (
	github.com/zibrato/zibrato v0.1.0
	go.opentelemetry.io/otel v1.47.0
	go.opentelemetry.io/otel/metric v1.47.0
	go.uber.org/atomic v1.12.0
	go.uber.org/goleak v1.3.0
)

require github.com/cespare/xxhash/v2 v2.3.0 // indirect
