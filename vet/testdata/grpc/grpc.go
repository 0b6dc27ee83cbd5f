// Package grpc has the names of google.golang.org/grpc that the analyzers know.
package grpc

type UnaryServerInfo struct{ FullMethod string }
