module github.com/zibrato/zibrato/examples

go 1.26.0

require (
	github.com/zibrato/zibrato v0.1.0
	github.com/zibrato/zibrato/sink/prometheus v0.1.0
)
