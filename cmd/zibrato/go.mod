module github.com/zibrato/zibrato/cmd/zibrato

go 1.25.0

require (
	github.com/alecthomas/kong v1.17.0
	github.com/google/go-cmp v0.7.0
	github.com/zibrato/zibrato v0.1.0
	go.uber.org/goleak v1.3.0
)
