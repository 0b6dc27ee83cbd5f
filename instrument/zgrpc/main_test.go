package zgrpc

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/zibrato/zibrato/zibratotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	service  = "grpc.testing.TestService" // is what the tests call
	patience = 60 * time.Second
)

// tester is a service with a method of each kind. What a request asks for as its status comes back as an error.
type tester struct {
	testgrpc.UnimplementedTestServiceServer
	entered chan struct{} // if not nil, receives when a call is under way
	before  func() error  // if not nil, is asked before a server's stream
}

func asked(s *testgrpc.EchoStatus) error {
	if s == nil {
		return nil
	}
	return status.Error(codes.Code(s.Code), s.Message)
}

func (t *tester) EmptyCall(ctx context.Context, _ *testgrpc.Empty) (*testgrpc.Empty, error) {
	if t.entered != nil {
		t.entered <- struct{}{}
	}
	<-ctx.Done() // it waits for whoever called
	return nil, ctx.Err()
}

func (*tester) UnaryCall(_ context.Context, r *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
	if r.GetFillUsername() {
		panic(errPanic)
	}
	return &testgrpc.SimpleResponse{Payload: r.Payload}, asked(r.ResponseStatus)
}

var errPanic = errors.New("the handler panics")

func (t *tester) StreamingOutputCall(r *testgrpc.StreamingOutputCallRequest, s grpc.ServerStreamingServer[testgrpc.StreamingOutputCallResponse]) error {
	if t.before != nil {
		if err := t.before(); err != nil {
			return err
		}
	}
	for range r.ResponseParameters {
		if err := s.Send(&testgrpc.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
	return asked(r.ResponseStatus)
}

func (*tester) StreamingInputCall(s grpc.ClientStreamingServer[testgrpc.StreamingInputCallRequest, testgrpc.StreamingInputCallResponse]) error {
	for n := int32(0); ; n++ {
		switch _, err := s.Recv(); err {
		case nil:
		case io.EOF:
			return s.SendAndClose(&testgrpc.StreamingInputCallResponse{AggregatedPayloadSize: n})
		default:
			return err
		}
	}
}

func (t *tester) FullDuplexCall(s grpc.BidiStreamingServer[testgrpc.StreamingOutputCallRequest, testgrpc.StreamingOutputCallResponse]) error {
	if t.entered != nil {
		t.entered <- struct{}{}
	}
	for {
		r, err := s.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if r.GetResponseType() == testgrpc.PayloadType(1) {
			panic(errPanic)
		}
		if err := asked(r.ResponseStatus); err != nil {
			return err
		}
		if err := s.Send(&testgrpc.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
}

// link is a server and a client of it, both measured.
type link struct {
	server, client *zibratotest.Recorder
	conn           *grpc.ClientConn
	testgrpc.TestServiceClient
}

// recovering is an interceptor outside of ours, which makes a status of a panic with the very value that the handler panicked with.
func recovering() []grpc.ServerOption {
	recovered := func(err *error) {
		if v := recover(); v != nil {
			*err = status.Errorf(codes.DataLoss, "%v %v", v == any(errPanic), v)
		}
	}
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (_ any, err error) {
			defer recovered(&err)
			return h(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) (err error) {
			defer recovered(&err)
			return h(srv, s)
		}),
	}
}

func connect(t testing.TB, service *tester, options ...grpc.ServerOption) *link {
	t.Helper()
	l := &link{server: zibratotest.New(t), client: zibratotest.New(t)}
	c := Config{Scope: l.server.With()}
	options = append(recovering(), append(options, grpc.ChainUnaryInterceptor(UnaryServer(c)), grpc.ChainStreamInterceptor(StreamServer(c)))...)
	server := grpc.NewServer(options...)
	testgrpc.RegisterTestServiceServer(server, service)
	c = Config{Scope: l.client.With()}
	l.conn = dial(t, server, grpc.WithChainUnaryInterceptor(UnaryClient(c)), grpc.WithChainStreamInterceptor(StreamClient(c)))
	l.TestServiceClient = testgrpc.NewTestServiceClient(l.conn)
	return l
}

// dial lets a server serve, and connects with it.
func dial(t testing.TB, server *grpc.Server, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///test", append(options,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return conn
}

// within is a context that ends with the test, or when its patience does.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// settled waits until a side has recorded so many calls, and none is under way: a server's call ends some time after its client's.
func settled(t testing.TB, rec *zibratotest.Recorder, side string, calls uint64) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		n, active := rec.Calls(side+".call.duration"), rec.Sum(side+".active_calls")
		if n == calls && active == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %d calls ended and %v are under way, want %d and none", side, n, active, calls)
		}
	}
}
