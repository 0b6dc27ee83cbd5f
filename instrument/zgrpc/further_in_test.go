package zgrpc

import (
	"context"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/zibrato/zibrato/zibratotest"
)

// connectThrough connects to a server with an interceptor of streams further in than ours.
func connectThrough(t *testing.T, service *tester, further grpc.StreamClientInterceptor) *link {
	t.Helper()
	l := &link{client: zibratotest.New(t)}
	server := grpc.NewServer()
	testgrpc.RegisterTestServiceServer(server, service)
	l.conn = dial(t, server, grpc.WithChainStreamInterceptor(StreamClient(Config{Scope: l.client.With()}), further))
	l.TestServiceClient = testgrpc.NewTestServiceClient(l.conn)
	return l
}

// retrying opens the stream anew while its first messages do not come, as packages that retry do. What it was told to send it sends again.
func retrying(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	r := &retried{open: func() (grpc.ClientStream, error) { return open(ctx, desc, conn, method, opts...) }}
	var err error
	r.ClientStream, err = r.open()
	return r, err
}

type retried struct {
	grpc.ClientStream
	open func() (grpc.ClientStream, error)
	sent []any
}

func (r *retried) SendMsg(m any) error {
	r.sent = append(r.sent, m)
	return r.ClientStream.SendMsg(m)
}

func (r *retried) RecvMsg(m any) error {
	for {
		err := r.ClientStream.RecvMsg(m)
		if status.Code(err) != codes.Unavailable {
			return err
		}
		if r.ClientStream, err = r.open(); err != nil {
			return err
		}
		for _, m := range r.sent {
			if err := r.ClientStream.SendMsg(m); err != nil {
				return err
			}
		}
		if err := r.ClientStream.CloseSend(); err != nil {
			return err
		}
	}
}

// A stream that somebody further in opens again is one call, which ends when the last one does, as its caller sees it.
func TestAStreamThatIsTriedAgainIsOneCall(t *testing.T) {
	calls := 0
	service := &tester{before: func() error {
		if calls++; calls < 4 {
			return status.Error(codes.Unavailable, "not yet")
		}
		return nil
	}}
	l := connectThrough(t, service, retrying)
	s, err := l.StreamingOutputCall(within(t), &testgrpc.StreamingOutputCallRequest{ResponseParameters: make([]*testgrpc.ResponseParameters, 3)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); err != nil {
		t.Fatal(err)
	}
	if active, n := l.client.Sum("rpc.client.active_calls"), l.client.Calls("rpc.client.call.duration"); active != 1 || n != 0 {
		t.Errorf("after the first message %v are under way and %d have ended, want one and none", active, n)
	}
	for err == nil {
		_, err = s.Recv()
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	settled(t, l.client, "rpc.client", 1)
	if n := l.client.Calls("rpc.client.call.duration", zibratotest.Tag("status", "OK")); n != 1 {
		t.Errorf("it did not end well: %v", l.client.Series())
	}
	if n := l.client.Sum("rpc.client.messages.received"); n != 3 {
		t.Errorf("%v messages received, want 3", n)
	}
}

// The same while the stream is opened.
func TestAStreamThatIsOpenedAgainIsOneCall(t *testing.T) {
	l := connectThrough(t, &tester{}, func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		wrong := metadata.NewOutgoingContext(ctx, metadata.Pairs("not legal\n", ""))
		if _, err := open(wrong, desc, conn, method, opts...); err == nil {
			t.Error("illegal metadata went through")
		}
		return open(ctx, desc, conn, method, opts...)
	})
	s, err := l.FullDuplexCall(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if active := l.client.Sum("rpc.client.active_calls"); active != 1 {
		t.Errorf("%v calls are under way, want 1", active)
	}
	s.CloseSend()
	if _, err := s.Recv(); err != io.EOF {
		t.Fatal(err)
	}
	settled(t, l.client, "rpc.client", 1)
	if n := l.client.Calls("rpc.client.call.duration", zibratotest.Tag("status", "OK")); n != 1 {
		t.Errorf("it did not end well: %v", l.client.Series())
	}
}

// With a stream of somebody else's, or options that somebody leaves out, gRPC tells nothing. Then the end is what its caller sees of it.
func TestAStreamThatIsNotGRPCsEndsAsItsCallerSees(t *testing.T) {
	for want, script := range map[string]*scripted{
		"OK":                {recv: []error{nil, nil, io.EOF}},
		"Aborted":           {recv: []error{nil, status.Error(codes.Aborted, "")}},
		"ResourceExhausted": {send: status.Error(codes.ResourceExhausted, "too large")},
	} {
		rec := zibratotest.New(t)
		s, err := StreamClient(Config{Scope: rec.With()})(t.Context(), &grpc.StreamDesc{}, nil, "/a/b",
			func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
				return script, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SendMsg(nil); err != script.send {
			t.Errorf("%v, want %v", err, script.send)
		}
		for _, want := range script.recv {
			if err := s.RecvMsg(nil); err != want {
				t.Errorf("%v, want %v", err, want)
			}
		}
		settled(t, rec, "rpc.client", 1)
		if n := rec.Calls("rpc.client.call.duration", zibratotest.Tag("status", want)); n != 1 {
			t.Errorf("no call with status %s: %v", want, rec.Series())
		}
	}
}

// scripted is a stream that does as told, and calls nobody.
type scripted struct {
	grpc.ClientStream
	send error
	recv []error
}

func (s *scripted) SendMsg(any) error { return s.send }
func (s *scripted) RecvMsg(any) error {
	err := s.recv[0]
	s.recv = s.recv[1:]
	return err
}

// That a context or a connection ends while a message comes ends the call, although nobody asks any more.
func TestAStreamThatEndsWhileAMessageComes(t *testing.T) {
	for want, said := range map[string]error{"Canceled": status.Error(codes.Canceled, ""), "OK": nil, "DeadlineExceeded": status.Error(codes.DeadlineExceeded, "")} {
		rec := zibratotest.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		s, err := StreamClient(Config{Scope: rec.With()})(ctx, &grpc.StreamDesc{}, nil, "/a/b",
			func(_ context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
				return &ending{say: func() {
					if want == "DeadlineExceeded" {
						cancel() // stands for a deadline
					}
					opts[len(opts)-1].(grpc.OnFinishCallOption).OnFinish(said)
				}}, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RecvMsg(nil); err != nil {
			t.Error(err)
		}
		settled(t, rec, "rpc.client", 1)
		if n := rec.Calls("rpc.client.call.duration", zibratotest.Tag("status", want)); n != 1 {
			t.Errorf("no call with status %s: %v", want, rec.Series())
		}
		cancel()
	}
}

// ending is a stream that ends while it receives.
type ending struct {
	grpc.ClientStream
	say func()
}

func (e *ending) RecvMsg(any) error { e.say(); return nil }

// A panic further in while a message is received passes, and the call can end all the same.
func TestAPanicWhileReceivingPasses(t *testing.T) {
	rec := zibratotest.New(t)
	var finish func(error)
	s, err := StreamClient(Config{Scope: rec.With()})(t.Context(), &grpc.StreamDesc{}, nil, "/a/b",
		func(_ context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			finish = opts[len(opts)-1].(grpc.OnFinishCallOption).OnFinish
			return &ending{say: func() { panic(errPanic) }}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if v := recover(); v != any(errPanic) {
				t.Errorf("recovered %v", v)
			}
		}()
		s.RecvMsg(nil)
	}()
	finish(errors.New("gone"))
	settled(t, rec, "rpc.client", 1)
	if n := rec.Calls("rpc.client.call.duration", zibratotest.Tag("status", "Unknown")); n != 1 {
		t.Errorf("%v", rec.Series())
	}
}
