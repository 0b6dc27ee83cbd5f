module github.com/zibrato/zibrato/vet

go 1.26.0

require (
	github.com/golangci/plugin-module-register v0.1.2
	github.com/zibrato/zibrato v0.1.0
	golang.org/x/tools v0.52.0
)

require (
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
)
