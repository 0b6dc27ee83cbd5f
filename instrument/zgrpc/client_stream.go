package zgrpc

import (
	"context"
	"io"

	"go.uber.org/atomic"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/zibrato/zibrato"
)

// StreamClient returns an interceptor that measures a client's streams, for grpc.WithChainStreamInterceptor, as [UnaryClient] does unary calls.
func StreamClient(c Config) grpc.StreamClientInterceptor {
	i := newInstruments("rpc.client", c)
	return func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		timing := i.begun.Start()
		if timing == (zibrato.Stopwatch{}) {
			return open(ctx, desc, conn, method, opts...)
		}
		s := &clientStream{call: i.begin(i.methods.find(method), timing), ctx: ctx}
		return s.open(desc, conn, method, open, opts)
	}
}

// clientStream is a stream that counts its messages.
//
// gRPC says when a stream ends, wherever that comes from. But it may be one of several that who is further in opens for one call, to try again: while they are asked to open
// or to receive, what they answer goes before what gRPC says.
type clientStream struct {
	grpc.ClientStream
	call
	ctx    context.Context
	asking atomic.Bool   // who is further in is asked to open or to receive. Its caller writes it, gRPC reads it from any goroutine
	said   atomic.Uint32 // 1 and the code with which gRPC last said that a stream ended. gRPC writes it, then reads asking; who asks reads it after asking
	ended  atomic.Bool   // whoever sets it ends the call
}

func (s *clientStream) open(desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts []grpc.CallOption) (_ grpc.ClientStream, err error) {
	returned := false
	defer func() {
		if !returned { // it panicked
			s.finish(s.status)
		}
	}()
	s.asking.Store(true)
	s.ClientStream, err = open(s.ctx, desc, conn, method, append(opts[:len(opts):len(opts)], grpc.OnFinish(s.over))...)
	returned = true
	s.answered(err)
	if err != nil {
		return s.ClientStream, err
	}
	return s, nil
}

// over is what gRPC calls when a stream is over. The error is nil or one with a status.
func (s *clientStream) over(err error) {
	code := codeOf(err)
	s.said.Store(uint32(code) + 1)
	if !s.asking.Load() {
		s.finish(nameOf(code))
	}
}

// answered goes on after who is further in answered.
func (s *clientStream) answered(err error) {
	s.asking.Store(false)
	if err != nil {
		s.fail(err)
		return
	}
	// Nobody tries again what went well, was cancelled or is too late for the caller: such an end just came at the same time as the answer.
	if said := s.said.Swap(0); said != 0 {
		if code := codes.Code(said - 1); code == codes.OK || code == codes.Canceled || s.ctx.Err() != nil {
			s.finish(nameOf(code))
		}
	}
}

// fail ends the call with what its caller gets.
func (s *clientStream) fail(err error) {
	if err == io.EOF {
		err = nil
	}
	s.finish(nameOf(codeOf(err)))
}

// finish ends the call, if that was not done.
func (s *clientStream) finish(status string) {
	if !s.ended.Swap(true) {
		s.status = status
		s.end()
	}
}

func (s *clientStream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	switch err {
	case nil:
		s.method.sent.Inc()
	case io.EOF: // RecvMsg will tell why
	default:
		s.fail(err)
	}
	return err
}

func (s *clientStream) RecvMsg(m any) error {
	answered := false
	defer func() {
		if !answered { // it panicked; the stream may go on
			s.answered(nil)
		}
	}()
	s.asking.Store(true)
	err := s.ClientStream.RecvMsg(m)
	answered = true
	if err == nil {
		s.method.received.Inc()
	}
	s.answered(err)
	return err
}
