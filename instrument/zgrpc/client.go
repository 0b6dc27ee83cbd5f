package zgrpc

import (
	"context"

	"go.uber.org/atomic"
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

// StreamClient returns an interceptor that measures a client's streams, for grpc.WithChainStreamInterceptor, as [UnaryClient] does unary calls.
func StreamClient(c Config) grpc.StreamClientInterceptor {
	i := newInstruments("rpc.client", c)
	return func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, stream grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		timing := i.begun.Start()
		if timing == (zibrato.Stopwatch{}) {
			return stream(ctx, desc, conn, method, opts...)
		}
		x := &clientStream{call: i.begin(i.methods.find(method), timing)}
		returned := false
		defer func() {
			if !returned {
				x.endOnce()
			}
		}()
		s, err := stream(ctx, desc, conn, method, append(opts[:len(opts):len(opts)], grpc.OnFinish(x.finish))...)
		returned = true
		if err != nil {
			x.finish(err) // as gRPC may have said before
			return s, err
		}
		x.ClientStream = s
		return x, nil
	}
}

// clientStream is a stream that counts its messages.
type clientStream struct {
	grpc.ClientStream
	call
	ended atomic.Bool // whoever sets it ends the call: gRPC from any goroutine, or who began it
}

// finish ends the call, if that was not done. The error is nil or one with a status.
func (s *clientStream) finish(err error) {
	if !s.ended.Swap(true) {
		s.status = statusOf(err)
		s.end()
	}
}

// endOnce ends a call that panicked.
func (s *clientStream) endOnce() {
	if !s.ended.Swap(true) {
		s.end()
	}
}

func (s *clientStream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	if err == nil {
		s.method.sent.Inc()
	}
	return err
}

func (s *clientStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err == nil {
		s.method.received.Inc()
	}
	return err
}
