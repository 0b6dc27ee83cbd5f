package zhttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/zibratotest"
)

// fails makes a request that fails, at once or in the response's body, of which begun is told before it is read; and looks at the outcome.
func fails(t *testing.T, rec *zibratotest.Recorder, client *http.Client, r *http.Request, want string, begun func()) {
	t.Helper()
	resp, err := client.Do(r)
	if err == nil {
		begun()
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Fatal("no error")
	}
	settled(t, rec, "http.client", 1)
	if _, _, status := tags(t, rec, "http.client.request.duration"); status != want {
		t.Errorf("status %q, want %q; the error was %v", status, want, err)
	}
}

func TestFailuresAreOutcomes(t *testing.T) {
	hang := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			io.WriteString(w, "begun")
			http.NewResponseController(w).Flush()
		}
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	for _, test := range []struct {
		name, path, want string
		ctx              func(context.Context) (context.Context, context.CancelFunc)
	}{
		{"cancelled", "/", "canceled", canceling(0)},
		{"cancelled in the body", "/body", "canceled", nil},
		{"too late", "/", "timeout", timing(20 * time.Millisecond)},
		{"too late in the body", "/body", "timeout", timing(200 * time.Millisecond)},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec, url, client := measuredClient(t, hang, false)
			ctx, cancel := context.WithCancel(t.Context())
			if test.ctx != nil {
				ctx, cancel = test.ctx(t.Context())
			}
			defer cancel()
			r, _ := http.NewRequestWithContext(ctx, "GET", url+test.path, nil)
			fails(t, rec, client, r, test.want, func() {
				if test.ctx == nil {
					cancel()
				}
			})
		})
	}
	t.Run("refused", func(t *testing.T) {
		rec := zibratotest.New(t)
		refused := errors.New("refused")
		client := Transport(roundTripper(func(*http.Request) (*http.Response, error) { return nil, refused }), Config{Scope: rec.With()})
		r, _ := http.NewRequest("GET", "http://localhost", strings.NewReader("x"))
		if resp, err := client.RoundTrip(r); resp != nil || err != refused {
			t.Errorf("%v, %v", resp, err)
		}
		if _, _, status := tags(t, rec, "http.client.request.duration"); status != "error" {
			t.Errorf("status %q", status)
		}
		if n := rec.Calls("http.client.request.body.size") + rec.Calls("http.client.response.body.size"); n != 0 {
			t.Errorf("%d sizes of what was not exchanged", n)
		}
	})
	t.Run("cut", func(t *testing.T) {
		rec, url, client := measuredClient(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "short")
		}, false)
		resp, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); err != io.ErrUnexpectedEOF {
			t.Errorf("%v passes through", err)
		}
		resp.Body.Close()
		if _, _, status := tags(t, rec, "http.client.request.duration"); status != "error" {
			t.Errorf("status %q", status)
		}
	})
}

func timing(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
}

func canceling(time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	}
}

func TestAPanicOfTheTransportPasses(t *testing.T) {
	rec := zibratotest.New(t)
	client := Transport(roundTripper(func(*http.Request) (*http.Response, error) { panic("fault") }), Config{Scope: rec.With()})
	r, _ := http.NewRequest("GET", "http://localhost", nil)
	func() {
		defer func() {
			if got := recover(); got != "fault" {
				t.Errorf("recovered %v", got)
			}
		}()
		client.RoundTrip(r)
	}()
	settled(t, rec, "http.client", 1)
	if _, _, status := tags(t, rec, "http.client.request.duration"); status != "panic" {
		t.Errorf("status %q", status)
	}
}

// broken is a body that fails once the context ended, as a connection does that somebody closed.
type broken struct{ ctx context.Context }

func (b broken) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, errTest
}

func (b broken) Close() error { return nil }

// The error need not say what the context did.
func TestWhatTheContextDidIsTheOutcome(t *testing.T) {
	const soon = 20 * time.Millisecond
	failing := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	}
	breaking := func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: broken{r.Context()}}, nil
	}
	canceled := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(soon, func() { cancel(errTest) })
		return ctx, func() { cancel(nil) }
	}
	late := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeoutCause(ctx, soon, errTest)
	}
	for _, test := range []struct {
		name, want string
		next       roundTripper
		ctx        func(context.Context) (context.Context, context.CancelFunc)
		limit      time.Duration // http.Client's
	}{
		{"a cause of cancelling", "canceled", failing, canceled, 0},
		{"a cause of being late", "timeout", failing, late, 0},
		{"cancelled in the body", "canceled", breaking, canceled, 0},
		{"late in the body", "timeout", breaking, late, 0},
		{"the client's limit", "timeout", func(r *http.Request) (*http.Response, error) {
			<-r.Cancel // which the client closes where the transport is not net/http's own
			return nil, errTest
		}, context.WithCancel, soon},
		{"the client's limit in the body", "timeout", breaking, context.WithCancel, soon},
		{"something else", "error", func(*http.Request) (*http.Response, error) { return nil, errTest }, context.WithCancel, time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := zibratotest.New(t)
			client := http.Client{Transport: Transport(test.next, Config{Scope: rec.With()}), Timeout: test.limit}
			ctx, cancel := test.ctx(t.Context())
			defer cancel()
			r, _ := http.NewRequestWithContext(ctx, "GET", "http://localhost", nil)
			fails(t, rec, &client, r, test.want, func() {})
		})
	}
}

func TestATransportThatReturnsNothingIsTheClientsBusiness(t *testing.T) {
	rec := zibratotest.New(t)
	client := http.Client{Transport: Transport(roundTripper(func(*http.Request) (*http.Response, error) { return nil, nil }), Config{Scope: rec.With()})}
	if _, err := client.Get("http://localhost"); err == nil || !strings.Contains(err.Error(), "nil *Response with a nil error") {
		t.Errorf("%v", err)
	}
	settled(t, rec, "http.client", 1)
	if _, _, status := tags(t, rec, "http.client.request.duration"); status != "error" {
		t.Errorf("status %q", status)
	}
}
