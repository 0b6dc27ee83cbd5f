package zgrpc_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/instrument/zgrpc"
	"github.com/zibrato/zibrato/metric"
)

// stdout is a sink that prints what this example wants to see.
type stdout struct{}

func (stdout) Write(_ context.Context, w *metric.Window) error {
	for _, s := range w.Series {
		if s.Name == "rpc.server.call.duration" {
			fmt.Println(s.Name, s.Tag("service"), s.Tag("method"), s.Tag("status"), s.Count)
		}
	}
	return nil
}

func (stdout) Close(context.Context) error { return nil }

// A whole program: a server and a client of it, both measured, and a backend within the process.
func Example() {
	rec := zibrato.New(zibrato.Config{}) // a program would take the default recorder, by the zero zgrpc.Config
	defer rec.Close()
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Interval: time.Minute, Sinks: []backend.Sink{stdout{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close() // flushes

	measured := zgrpc.Config{Scope: rec.With()}
	server := grpc.NewServer(
		grpc.ChainUnaryInterceptor(zgrpc.UnaryServer(measured)),
		grpc.ChainStreamInterceptor(zgrpc.StreamServer(measured)),
	)
	healthgrpc.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go server.Serve(listener)
	defer server.GracefulStop()

	conn, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(zgrpc.UnaryClient(measured)),
		grpc.WithChainStreamInterceptor(zgrpc.StreamClient(measured)),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()

	client := healthgrpc.NewHealthClient(conn)
	for _, service := range []string{"", "", "nothing"} {
		if _, err := client.Check(context.Background(), &healthgrpc.HealthCheckRequest{Service: service}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// rpc error: code = NotFound desc = unknown service
	// rpc.server.call.duration grpc.health.v1.Health Check NotFound 1
	// rpc.server.call.duration grpc.health.v1.Health Check OK 2
}

func ExampleConfig() {
	internal := zgrpc.Config{Scope: zibrato.With(zibrato.Tag("listener", "internal"), zibrato.AtLevel(zibrato.LevelWarning))}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(zgrpc.UnaryServer(internal)))
	server.Stop()
	// Output:
}

func ExampleUnaryServer() {
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(zgrpc.UnaryServer(zgrpc.Config{})))
	defer server.Stop()
	healthgrpc.RegisterHealthServer(server, health.NewServer())
	fmt.Println(len(server.GetServiceInfo()))
	// Output: 1
}

func ExampleStreamServer() {
	server := grpc.NewServer(grpc.ChainStreamInterceptor(zgrpc.StreamServer(zgrpc.Config{})))
	defer server.Stop()
	healthgrpc.RegisterHealthServer(server, health.NewServer())
	fmt.Println(len(server.GetServiceInfo()))
	// Output: 1
}

func ExampleUnaryClient() {
	conn, err := grpc.NewClient("127.0.0.1:50051", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(zgrpc.UnaryClient(zgrpc.Config{})))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println(conn.Target())
	// Output: 127.0.0.1:50051
}

func ExampleStreamClient() {
	conn, err := grpc.NewClient("127.0.0.1:50051", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainStreamInterceptor(zgrpc.StreamClient(zgrpc.Config{})))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println(conn.Target())
	// Output: 127.0.0.1:50051
}
