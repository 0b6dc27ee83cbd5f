package zgrpc

import (
	"context"

	"google.golang.org/grpc"

	"github.com/zibrato/zibrato"
)

// UnaryServer returns an interceptor that measures a server's unary calls, for grpc.ChainUnaryInterceptor. The package says what is recorded, and what stays as it is. While
// nobody watches the scope's level it only calls the handler.
func UnaryServer(c Config) grpc.UnaryServerInterceptor {
	i := newInstruments("rpc.server", c)
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		timing := i.begun.Start()
		if timing == (zibrato.Stopwatch{}) {
			return handler(ctx, req)
		}
		x := i.begin(i.methods.find(info.FullMethod), timing)
		defer x.end()
		x.method.received.Inc()
		resp, err := handler(ctx, req)
		x.status = statusOf(err)
		if err == nil {
			x.method.sent.Inc()
		}
		return resp, err
	}
}

// StreamServer returns an interceptor that measures a server's streams, for grpc.ChainStreamInterceptor, as [UnaryServer] does unary calls.
func StreamServer(c Config) grpc.StreamServerInterceptor {
	i := newInstruments("rpc.server", c)
	return func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		timing := i.begun.Start()
		if timing == (zibrato.Stopwatch{}) {
			return handler(server, stream)
		}
		m := i.methods.other
		if server != nil { // nil: the server has no such method, and the client may have sent any
			m = i.methods.find(info.FullMethod)
		}
		x := i.begin(m, timing)
		defer x.end()
		err := handler(server, &serverStream{stream, m})
		x.status = statusOf(err)
		return err
	}
}

// serverStream counts a stream's messages.
type serverStream struct {
	grpc.ServerStream
	m *method
}

func (s *serverStream) SendMsg(m any) error {
	err := s.ServerStream.SendMsg(m)
	if err == nil {
		s.m.sent.Inc()
	}
	return err
}

func (s *serverStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil {
		s.m.received.Inc()
	}
	return err
}
