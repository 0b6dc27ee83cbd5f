module github.com/zibrato/zibrato/bench/sinks

go 1.26.0

require (
	github.com/zibrato/zibrato v0.1.0
	github.com/zibrato/zibrato/sink/otlp v0.1.0
	github.com/zibrato/zibrato/sink/prometheus v0.1.0
)

require (
	github.com/cenkalti/backoff/v5 v5.0.3 // indirect
	github.com/pebbe/zmq4 v1.4.0 // indirect
	go.opentelemetry.io/proto/slim/otlp v1.11.1 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
