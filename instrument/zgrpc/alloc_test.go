//go:build !race

// The race detector allocates on its own.

package zgrpc

import (
	"context"
	"testing"

	"google.golang.org/grpc"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

type nullServerStream struct{ grpc.ServerStream }

func (nullServerStream) SendMsg(any) error { return nil }
func (nullServerStream) RecvMsg(any) error { return nil }

type nullClientStream struct{ grpc.ClientStream }

func (nullClientStream) SendMsg(any) error { return nil }
func (nullClientStream) RecvMsg(any) error { return nil }

func TestAllocations(t *testing.T) {
	rec, off := zibratotest.New(t), zibrato.New(zibrato.Config{})
	defer off.Close()
	ctx, full := t.Context(), "/a.Service/Method"
	unaryInfo, streamInfo, desc := &grpc.UnaryServerInfo{FullMethod: full}, &grpc.StreamServerInfo{FullMethod: full}, &grpc.StreamDesc{}
	var message any = t
	var ended func(error)
	var onServer grpc.ServerStream = &nullServerStream{}
	var onClient grpc.ClientStream = &nullClientStream{}
	handle := func(context.Context, any) (any, error) { return message, nil }
	handleStream := func(_ any, s grpc.ServerStream) error {
		s.RecvMsg(message)
		return s.SendMsg(message)
	}
	invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
	stream := func(_ context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		ended = func(error) {}
		for _, o := range opts {
			ended = o.(grpc.OnFinishCallOption).OnFinish
		}
		return onClient, nil
	}
	for _, test := range []struct {
		name  string
		scope *zibrato.Scope
		want  [4]float64 // unary and stream of a server, of a client
	}{{"unwatched", off.With(), [4]float64{}}, {"watched", rec.With(), [4]float64{0, 1, 0, 3}}} {
		c := Config{Scope: test.scope}
		unaryServer, streamServer, unaryClient, streamClient := UnaryServer(c), StreamServer(c), UnaryClient(c), StreamClient(c)
		for i, f := range []func(){
			func() { unaryServer(ctx, message, unaryInfo, handle) },
			func() { streamServer(t, onServer, streamInfo, handleStream) },
			func() { unaryClient(ctx, full, message, message, nil, invoke) },
			func() {
				s, _ := streamClient(ctx, desc, nil, full, stream)
				s.SendMsg(message)
				s.RecvMsg(message)
				ended(nil)
			},
		} {
			if n := testing.AllocsPerRun(1000, f); n != test.want[i] {
				t.Errorf("%s, %d: %v allocations, want %v", test.name, i, n, test.want[i])
			}
		}
	}
}
