package integrations

import (
	"context"
	"testing"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/instrument/zgrpc"
)

// checked is the method that is called.
const checked = "/grpc.health.v1.Health/Check"

// events does with a stats.Handler what gRPC does in a unary call, on either side, and would not do without one: reading the clock and making the events is
// part of what it costs.
func events(ctx context.Context, h stats.Handler, client bool, call func(context.Context) error) error {
	ctx = h.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: checked, FailFast: true})
	begin := time.Now()
	if client {
		h.HandleRPC(ctx, &stats.Begin{Client: true, BeginTime: begin, FailFast: true})
		h.HandleRPC(ctx, &stats.OutHeader{Client: true, FullMethod: checked})
		h.HandleRPC(ctx, &stats.OutPayload{Client: true, Length: 10, WireLength: 15, SentTime: time.Now()})
	} else {
		h.HandleRPC(ctx, &stats.InHeader{FullMethod: checked})
		h.HandleRPC(ctx, &stats.Begin{BeginTime: begin})
		h.HandleRPC(ctx, &stats.InPayload{Length: 10, WireLength: 15, RecvTime: time.Now()})
	}
	err := call(ctx)
	if client {
		h.HandleRPC(ctx, &stats.InHeader{Client: true})
		h.HandleRPC(ctx, &stats.InPayload{Client: true, Length: 2, WireLength: 7, RecvTime: time.Now()})
		h.HandleRPC(ctx, &stats.InTrailer{Client: true})
	} else {
		h.HandleRPC(ctx, &stats.OutHeader{})
		h.HandleRPC(ctx, &stats.OutPayload{Length: 2, WireLength: 7, SentTime: time.Now()})
		h.HandleRPC(ctx, &stats.OutTrailer{})
	}
	h.HandleRPC(ctx, &stats.End{Client: client, BeginTime: begin, EndTime: time.Now(), Error: err})
	return err
}

// unaryServers serve calls with a handler that does nothing.
func unaryServers(tb testing.TB) []rival {
	ctx, info := context.Background(), &grpc.UnaryServerInfo{FullMethod: checked}
	handle := func(_ context.Context, req any) (any, error) { return req, nil }
	run := func(intercept grpc.UnaryServerInterceptor) func(n int) {
		return func(n int) {
			for range n {
				_, err := intercept(ctx, info, info, handle)
				must(tb, err)
			}
		}
	}
	rec := zibrato.New(zibrato.Config{})
	c := harness.Consume(tb, rec)

	provider, count := meters(tb)
	otel := otelgrpc.NewServerHandler(otelgrpc.WithMeterProvider(provider))

	reg := prometheus.NewRegistry()
	prom := middleware.NewServerMetrics(middleware.WithServerHandlingTimeHistogram())
	reg.MustRegister(prom)
	return []rival{
		{name: bare, run: run(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
			return h(ctx, req)
		})},
		{name: ours, run: run(zgrpc.UnaryServer(zgrpc.Config{Scope: rec.With()})), seen: func() int { return int(c.Calls()) }, ready: c.Flush},
		{name: "otelgrpc", run: run(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (resp any, err error) {
			err = events(ctx, otel, false, func(ctx context.Context) error {
				resp, err = h(ctx, req)
				return err
			})
			return resp, err
		}), seen: count("rpc.server.call.duration", "")},
		{name: "go-grpc-middleware", run: run(prom.UnaryServerInterceptor()), seen: observed(tb, reg, "grpc_server_handling_seconds")},
	}
}

// unaryClients make calls that are answered at once.
func unaryClients(tb testing.TB) []rival {
	ctx := metadata.NewOutgoingContext(context.Background(), metadata.Pairs("user", "test"))
	conn := new(grpc.ClientConn)
	var message any = conn
	invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
	run := func(intercept grpc.UnaryClientInterceptor) func(n int) {
		return func(n int) {
			for range n {
				must(tb, intercept(ctx, checked, message, message, conn, invoke))
			}
		}
	}
	rec := zibrato.New(zibrato.Config{})
	c := harness.Consume(tb, rec)

	provider, count := meters(tb)
	otel := otelgrpc.NewClientHandler(otelgrpc.WithMeterProvider(provider))

	reg := prometheus.NewRegistry()
	prom := middleware.NewClientMetrics(middleware.WithClientHandlingTimeHistogram())
	reg.MustRegister(prom)
	return []rival{
		{name: bare, run: run(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return invoke(ctx, method, req, reply, conn, opts...)
		})},
		{name: ours, run: run(zgrpc.UnaryClient(zgrpc.Config{Scope: rec.With()})), seen: func() int { return int(c.Calls()) }, ready: c.Flush},
		{name: "otelgrpc", run: run(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return events(ctx, otel, true, func(ctx context.Context) error { return invoke(ctx, method, req, reply, conn, opts...) })
		}), seen: count("rpc.client.call.duration", "")},
		{name: "go-grpc-middleware", run: run(prom.UnaryClientInterceptor()), seen: observed(tb, reg, "grpc_client_handling_seconds")},
	}
}

func TestEveryPackageSeesEveryCall(t *testing.T) {
	assertSeen(t, unaryServers(t))
	assertSeen(t, unaryClients(t))
}

// BenchmarkUnaryServer serves a unary call, BenchmarkUnaryClient makes one.
func BenchmarkUnaryServer(b *testing.B) { against(b, unaryServers(b)) }
func BenchmarkUnaryClient(b *testing.B) { against(b, unaryClients(b)) }
