package zgrpc

import (
	"context"
	"errors"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/zibrato/zibrato/zibratotest"
)

// What goes through the interceptors comes out as the very same values, watched or not.
func TestNothingChanges(t *testing.T) {
	for _, watched := range []bool{true, false} {
		rec := zibratotest.New(t)
		c := Config{Scope: rec.With()}
		if !watched {
			c.Scope = nil
		}
		ctx := context.WithValue(t.Context(), t, 1)
		req, resp, failed := &testgrpc.SimpleRequest{}, &testgrpc.SimpleResponse{}, errors.New("failed")
		type answer struct {
			resp any
			err  error
		}
		for _, a := range []answer{{resp, nil}, {nil, failed}, {resp, failed}} {
			gotResp, gotErr := UnaryServer(c)(ctx, req, &grpc.UnaryServerInfo{FullMethod: "/a/b"}, func(gotCtx context.Context, gotReq any) (any, error) {
				if gotCtx != ctx || gotReq != any(req) {
					t.Error("the handler has another context or request")
				}
				return a.resp, a.err
			})
			if gotResp != a.resp || gotErr != a.err {
				t.Errorf("%v, %v, want %v", gotResp, gotErr, a)
			}
			gotErr = UnaryClient(c)(ctx, "/a/b", req, resp, nil, func(gotCtx context.Context, method string, gotReq, gotReply any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
				if gotCtx != ctx || method != "/a/b" || gotReq != any(req) || gotReply != any(resp) || len(opts) != 1 {
					t.Error("another call is made")
				}
				return a.err
			}, grpc.WaitForReady(true))
			if gotErr != a.err {
				t.Errorf("%v, want %v", gotErr, a.err)
			}
		}
		options := slices.Grow([]grpc.CallOption{grpc.WaitForReady(true)}, 5)
		s, err := StreamClient(c)(ctx, &grpc.StreamDesc{}, nil, "/a/b", func(gotCtx context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
			if gotCtx != ctx {
				t.Error("the stream has another context")
			}
			return nil, failed
		}, options...)
		if s != nil || err != failed {
			t.Errorf("%v, %v", s, err)
		}
		if options[:2][1] != nil {
			t.Error("the caller's options were written to")
		}
	}
}

// A client's panic passes, and its call is recorded.
func TestPanicsOfAClientPass(t *testing.T) {
	rec := zibratotest.New(t)
	c := Config{Scope: rec.With()}
	panics := func(f func()) {
		t.Helper()
		defer func() {
			if v := recover(); v != any(errPanic) {
				t.Errorf("recovered %v", v)
			}
		}()
		f()
	}
	panics(func() {
		UnaryClient(c)(t.Context(), "/a/b", nil, nil, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { panic(errPanic) })
	})
	panics(func() {
		StreamClient(c)(t.Context(), &grpc.StreamDesc{}, nil, "/a/b", func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
			panic(errPanic)
		})
	})
	settled(t, rec, "rpc.client", 2)
	if n := rec.Calls("rpc.client.call.duration", zibratotest.Tag("status", "panic")); n != 2 {
		t.Errorf("%d calls panicked, want 2", n)
	}
}

// A status with details arrives as it was, and so do headers and trailers.
func TestStatusesArriveWhole(t *testing.T) {
	want, err := status.New(codes.FailedPrecondition, "not yet").WithDetails(&testgrpc.SimpleRequest{ResponseSize: 17})
	if err != nil {
		t.Fatal(err)
	}
	l := connect(t, &tester{}, grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error { return want.Err() }))
	err = l.conn.Invoke(within(t), "/no.Service/Method", &testgrpc.Empty{}, &testgrpc.Empty{})
	if got := status.Convert(err); !proto.Equal(got.Proto(), want.Proto()) {
		t.Errorf("%v, want %v", got, want)
	}
}
