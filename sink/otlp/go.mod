module github.com/zibrato/zibrato/sink/otlp

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/zibrato/zibrato v0.1.0
	go.opentelemetry.io/proto/slim/otlp v1.11.1
	go.uber.org/goleak v1.3.0
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/cenkalti/backoff/v5 v5.0.3 // indirect
	go.uber.org/atomic v1.12.0 // indirect
)
