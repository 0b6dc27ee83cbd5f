package zgrpc

import (
	"context"

	"google.golang.org/grpc"

	"github.com/zibrato/zibrato"
)

// UnaryClient returns an interceptor that measures a client's unary calls, for grpc.WithChainUnaryInterceptor. The package says what is recorded, and what stays as it is.
// While nobody watches the scope's level it only calls. A call that gRPC tries again is one call.
func UnaryClient(c Config) grpc.UnaryClientInterceptor {
	i := newInstruments("rpc.client", c)
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		timing := i.begun.Start()
		if timing == (zibrato.Stopwatch{}) {
			return invoke(ctx, method, req, reply, conn, opts...)
		}
		x := i.begin(i.methods.find(method), timing)
		defer x.end()
		x.method.sent.Inc()
		err := invoke(ctx, method, req, reply, conn, opts...)
		x.status = statusOf(err)
		if err == nil {
			x.method.received.Inc()
		}
		return err
	}
}
