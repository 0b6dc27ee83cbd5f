module github.com/zibrato/zibrato/cmd/zibrato

go 1.26.0

require (
	github.com/alecthomas/kong v1.17.0
	github.com/google/go-cmp v0.7.0
	github.com/pebbe/zmq4 v1.4.0
	github.com/zibrato/zibrato v0.1.0
	github.com/zibrato/zibrato/sink/otlp v0.1.0
	github.com/zibrato/zibrato/sink/prometheus v0.1.0
	go.uber.org/atomic v1.12.0
	go.uber.org/goleak v1.3.0
	go.yaml.in/yaml/v3 v3.0.6
)

require (
	github.com/cenkalti/backoff/v5 v5.0.3 // indirect
	go.opentelemetry.io/proto/slim/otlp v1.11.1 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
