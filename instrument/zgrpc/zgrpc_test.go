package zgrpc

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/zibrato/zibrato/zibratotest"
)

// check says what both sides must have recorded of one call: with the server's status, the client's, and how many messages went to the server and from it.
func (l *link) check(t *testing.T, method, serverStatus, clientStatus string, to, from float64) {
	t.Helper()
	settled(t, l.server, "rpc.server", 1)
	settled(t, l.client, "rpc.client", 1)
	tags := []string{"service", service, "method", method}
	for _, side := range []struct {
		name, status  string
		rec           *zibratotest.Recorder
		received, out float64
	}{{"rpc.server", serverStatus, l.server, to, from}, {"rpc.client", clientStatus, l.client, from, to}} {
		for _, s := range side.rec.Series() {
			if s.Name == side.name+".active_calls" {
				continue
			}
			if got := s.Tag(tags[0]); got != service {
				t.Errorf("%s: service %q", s.Name, got)
			}
			if got := s.Tag(tags[2]); got != method {
				t.Errorf("%s: method %q, want %q", s.Name, got, method)
			}
			if got := s.Tag("status"); s.Name == side.name+".call.duration" && got != side.status {
				t.Errorf("%s: status %q, want %q", s.Name, got, side.status)
			}
		}
		if got := side.rec.Sum(side.name + ".messages.received"); got != side.received {
			t.Errorf("%s: %v messages received, want %v", side.name, got, side.received)
		}
		if got := side.rec.Sum(side.name + ".messages.sent"); got != side.out {
			t.Errorf("%s: %v messages sent, want %v", side.name, got, side.out)
		}
	}
}

func TestUnaryCallsAreToldApart(t *testing.T) {
	for _, test := range []struct {
		code codes.Code
		want string
	}{{codes.OK, "OK"}, {codes.NotFound, "NotFound"}, {codes.Canceled, "Canceled"}, {codes.Unauthenticated, "Unauthenticated"}, {17, "other"}, {1 << 20, "other"}} {
		t.Run(test.code.String(), func(t *testing.T) {
			l := connect(t, &tester{})
			r := &testgrpc.SimpleRequest{}
			answers := 1.0
			if test.code != codes.OK {
				r.ResponseStatus = &testgrpc.EchoStatus{Code: int32(test.code), Message: "as asked"}
				answers = 0
			}
			_, err := l.UnaryCall(within(t), r)
			if status.Code(err) != test.code {
				t.Errorf("error %v, want code %v", err, test.code)
			}
			l.check(t, "UnaryCall", test.want, test.want, 1, answers)
		})
	}
}

func TestAServersStreamIsMeasured(t *testing.T) {
	l := connect(t, &tester{})
	s, err := l.StreamingOutputCall(within(t), &testgrpc.StreamingOutputCallRequest{ResponseParameters: make([]*testgrpc.ResponseParameters, 5)})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; err == nil; n++ {
		_, err = s.Recv()
	}
	if n != 6 || err != io.EOF {
		t.Errorf("%d messages, and %v", n-1, err)
	}
	l.check(t, "StreamingOutputCall", "OK", "OK", 1, 5)
}

func TestAClientsStreamIsMeasured(t *testing.T) {
	l := connect(t, &tester{})
	s, err := l.StreamingInputCall(within(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 7 {
		if err := s.Send(&testgrpc.StreamingInputCallRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := s.CloseAndRecv(); err != nil || r.AggregatedPayloadSize != 7 {
		t.Errorf("%v, %v", r, err)
	}
	l.check(t, "StreamingInputCall", "OK", "OK", 7, 1)
}

func TestAStreamBothWaysIsMeasuredWhileItIsUnderWay(t *testing.T) {
	l := connect(t, &tester{})
	s, err := l.FullDuplexCall(within(t))
	if err != nil {
		t.Fatal(err)
	}
	exchange := func() {
		t.Helper()
		if err := s.Send(&testgrpc.StreamingOutputCallRequest{}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	exchange()
	exchange()
	for side, rec := range map[string]*zibratotest.Recorder{"rpc.server": l.server, "rpc.client": l.client} {
		if active, n := rec.Sum(side+".active_calls"), rec.Calls(side+".call.duration"); active != 1 || n != 0 {
			t.Errorf("%s: %v are under way and %d ended, want one and none", side, active, n)
		}
		if in := rec.Sum(side + ".messages.received"); in != 2 {
			t.Errorf("%s: %v messages received so far, want 2", side, in)
		}
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); err != io.EOF {
		t.Errorf("the end is %v", err)
	}
	l.check(t, "FullDuplexCall", "OK", "OK", 2, 2)
}

type bidi = grpc.BidiStreamingClient[testgrpc.StreamingOutputCallRequest, testgrpc.StreamingOutputCallResponse]

// Every way in which gRPC says that a client's stream has ended ends it here, once.
func TestAClientsStreamEndsAsGRPCHasIt(t *testing.T) {
	for _, test := range []struct {
		name string
		want string // the client's status
		end  func(l *link, cancel func(), s bidi)
	}{
		{"its context is cancelled, and nobody asks it", "Canceled", func(_ *link, cancel func(), _ bidi) {
			cancel()
		}},
		{"its connection is closed, and nobody asks it", "Canceled", func(l *link, _ func(), _ bidi) {
			l.conn.Close()
		}},
		{"the server returns an error", "Aborted", func(_ *link, cancel func(), s bidi) {
			s.Send(&testgrpc.StreamingOutputCallRequest{ResponseStatus: &testgrpc.EchoStatus{Code: int32(codes.Aborted)}})
			s.Recv()
			s.Recv()
			cancel()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			entered := make(chan struct{}, 1)
			l := connect(t, &tester{entered: entered})
			ctx, cancel := context.WithCancel(within(t))
			defer cancel()
			s, err := l.FullDuplexCall(ctx)
			if err != nil {
				t.Fatal(err)
			}
			<-entered
			test.end(l, cancel, s)
			settled(t, l.client, "rpc.client", 1)
			if n := l.client.Calls("rpc.client.call.duration", zibratotest.Tag("status", test.want)); n != 1 {
				t.Errorf("no call with status %s: %v", test.want, l.client.Series())
			}
			settled(t, l.server, "rpc.server", 1)
		})
	}
}

// The server's handler learns of either by its context, and returns the context's error, of which gRPC makes a status.
func TestDeadlinesAndCancellationsAreStatuses(t *testing.T) {
	t.Run("cancelled", func(t *testing.T) {
		entered := make(chan struct{}, 1)
		l := connect(t, &tester{entered: entered})
		ctx, cancel := context.WithCancel(within(t))
		go func() {
			<-entered
			cancel()
		}()
		if _, err := l.EmptyCall(ctx, &testgrpc.Empty{}); status.Code(err) != codes.Canceled {
			t.Errorf("%v", err)
		}
		l.check(t, "EmptyCall", "Canceled", "Canceled", 1, 0)
	})
	t.Run("too late", func(t *testing.T) {
		l := connect(t, &tester{})
		ctx, cancel := context.WithTimeout(within(t), 50*time.Millisecond) // on a slow machine it may end before the server knows of the call
		defer cancel()
		if _, err := l.EmptyCall(ctx, &testgrpc.Empty{}); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("%v", err)
		}
		settled(t, l.client, "rpc.client", 1)
		if n := l.client.Calls("rpc.client.call.duration", zibratotest.Tag("status", "DeadlineExceeded"), zibratotest.Tag("method", "EmptyCall")); n != 1 {
			t.Errorf("the client has no such status: %v", l.client.Series())
		}
	})
}

// The value with which a handler panics reaches who is around the interceptor.
func TestPanicsPass(t *testing.T) {
	t.Run("unary", func(t *testing.T) {
		l := connect(t, &tester{})
		_, err := l.UnaryCall(within(t), &testgrpc.SimpleRequest{FillUsername: true})
		if want := fmt.Sprint("true ", errPanic); status.Convert(err).Message() != want {
			t.Errorf("%v, want %q", err, want)
		}
		l.check(t, "UnaryCall", "panic", "DataLoss", 1, 0)
	})
	t.Run("stream", func(t *testing.T) {
		l := connect(t, &tester{})
		s, err := l.FullDuplexCall(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(&testgrpc.StreamingOutputCallRequest{ResponseType: 1}); err != nil {
			t.Fatal(err)
		}
		_, err = s.Recv()
		if want := fmt.Sprint("true ", errPanic); status.Convert(err).Message() != want {
			t.Errorf("%v, want %q", err, want)
		}
		l.check(t, "FullDuplexCall", "panic", "DataLoss", 1, 0)
	})
}

// A method that the service's code lacks is one like others; one that the service does not have never reaches an interceptor.
func TestUnimplementedMethods(t *testing.T) {
	t.Run("registered", func(t *testing.T) {
		l := connect(t, &tester{})
		if _, err := l.CacheableUnaryCall(within(t), &testgrpc.SimpleRequest{}); status.Code(err) != codes.Unimplemented {
			t.Errorf("%v", err)
		}
		l.check(t, "CacheableUnaryCall", "Unimplemented", "Unimplemented", 1, 0)
	})
	t.Run("unknown", func(t *testing.T) {
		l := connect(t, &tester{})
		if err := l.conn.Invoke(within(t), "/no.Service/Method", &testgrpc.Empty{}, &testgrpc.Empty{}); status.Code(err) != codes.Unimplemented {
			t.Errorf("%v", err)
		}
		settled(t, l.client, "rpc.client", 1)
		if n := l.client.Calls("rpc.client.call.duration", zibratotest.Tag("service", "no.Service"), zibratotest.Tag("method", "Method"), zibratotest.Tag("status", "Unimplemented")); n != 1 {
			t.Errorf("the client does not have it: %v", l.client.Series())
		}
		settled(t, l.server, "rpc.server", 0)
	})
}

// With a handler for unknown services a server measures calls of methods that it does not have, all as one: a client may send any name.
func TestUnknownMethodsAreOne(t *testing.T) {
	l := connect(t, &tester{}, grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
		return status.Error(codes.Unimplemented, "there is no such method")
	}))
	const calls = 20
	for n := range calls {
		for _, method := range []string{fmt.Sprintf("/no.Service%d/Method", n), fmt.Sprintf("/%s/No%d", service, n)} {
			if err := l.conn.Invoke(within(t), method, &testgrpc.Empty{}, &testgrpc.Empty{}); status.Code(err) != codes.Unimplemented {
				t.Fatal(err)
			}
		}
	}
	settled(t, l.server, "rpc.server", 2*calls)
	if n := l.server.Calls("rpc.server.call.duration", zibratotest.Tag("service", other), zibratotest.Tag("method", other), zibratotest.Tag("status", "Unimplemented")); n != 2*calls {
		t.Errorf("%d calls of other methods, want %d: %v", n, 2*calls, l.server.Series())
	}
}

// A client that passes on the calls of others may see any number of methods.
func TestMethodsAreBounded(t *testing.T) {
	rec := zibratotest.New(t)
	intercept := UnaryClient(Config{Scope: rec.With()})
	invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
	for range 2 {
		for n := range maxMethods + 50 {
			if err := intercept(t.Context(), fmt.Sprintf("/a.Service/Method%d", n), nil, nil, nil, invoke); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, method := range []string{"", "Method", "/Method"} {
		if err := intercept(t.Context(), method, nil, nil, nil, invoke); err != nil {
			t.Fatal(err)
		}
	}
	if n := rec.Calls("rpc.client.call.duration"); n != 2*(maxMethods+50)+3 {
		t.Errorf("%d calls", n)
	}
	if n := rec.Calls("rpc.client.call.duration", zibratotest.Tag("method", other)); n != 2*50+3 {
		t.Errorf("%d calls of other methods, want %d", n, 2*50+3)
	}
	if n := rec.Calls("rpc.client.call.duration", zibratotest.Tag("method", "Method7")); n != 2 {
		t.Errorf("%d calls of one that came early, want 2", n)
	}
}
