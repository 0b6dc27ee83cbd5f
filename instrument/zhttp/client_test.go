package zhttp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zibrato/zibrato/zibratotest"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// endless is a body that ends when it is closed.
type endless struct{}

func (*endless) Read(p []byte) (int, error) { return len(p), nil }
func (*endless) Close() error               { return nil }

// measuredClient returns a client that is measured, of a real server.
func measuredClient(t testing.TB, h http.HandlerFunc, http2 bool) (rec *zibratotest.Recorder, url string, client *http.Client) {
	t.Helper()
	rec = zibratotest.New(t)
	url, client = serve(t, h, http2)
	client.Transport = Transport(client.Transport, Config{Scope: rec.With()})
	return rec, url, client
}

func echo(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }

func TestAClientsRequestEndsWithItsBody(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		rec, url, client := measuredClient(t, echo, http2)
		resp, err := client.Post(url, "text/plain", strings.NewReader("hello"))
		if err != nil {
			t.Fatal(err)
		}
		if n := rec.Calls("http.client.request.duration"); n != 0 {
			t.Errorf("%d requests ended before the body was read", n)
		}
		if n := rec.Sum("http.client.active_requests"); n != 1 {
			t.Errorf("%v under way", n)
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil || string(text) != "hello" {
			t.Errorf("%q, %v", text, err)
		}
		for range 2 { // closing adds nothing
			settled(t, rec, "http.client", 1)
			resp.Body.Close()
		}
		if method, route, status := tags(t, rec, "http.client.request.duration"); method != "POST" || status != "2xx" || route != "" {
			t.Errorf("%s %s %s", method, route, status)
		}
		if in, out := rec.Sum("http.client.response.body.size"), rec.Sum("http.client.request.body.size"); in != 5 || out != 5 {
			t.Errorf("%v bytes came and %v went, want 5 each", in, out)
		}
	}
}

func TestABodyThatIsClosedEarlyEndsTheRequest(t *testing.T) {
	rec, url, client := measuredClient(t, func(w http.ResponseWriter, _ *http.Request) { io.CopyN(w, neverending('x'), 1<<20) }, false)
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	io.CopyN(io.Discard, resp.Body, 10)
	resp.Body.Close()
	settled(t, rec, "http.client", 1)
	if n := rec.Sum("http.client.response.body.size"); n != 10 {
		t.Errorf("%v bytes were read, want 10", n)
	}
	if _, _, status := tags(t, rec, "http.client.request.duration"); status != "2xx" {
		t.Errorf("status %q", status)
	}
}

func TestResponsesWithoutABodyEndAtOnce(t *testing.T) {
	rec, url, client := measuredClient(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, false)
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	settled(t, rec, "http.client", 1)
	if resp.Body != http.NoBody {
		t.Errorf("%T, want NoBody as the transport gave it", resp.Body)
	}
	if n := rec.Calls("http.client.response.body.size"); n != 1 {
		t.Errorf("%d sizes, want one of nothing", n)
	}
}

// A RoundTripper must not modify the request, must close its body, and what the transport sees must say the same.
func TestTheCallersRequestStaysAsItIs(t *testing.T) {
	for name, body := range map[string]io.Reader{"none": nil, "known": strings.NewReader("hello"), "unknown": io.MultiReader(strings.NewReader("hello"))} {
		rec := zibratotest.New(t)
		var seen *http.Request
		client := Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
			seen = r
			if r.Body != nil {
				io.Copy(io.Discard, r.Body)
				r.Body.Close()
			}
			return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
		}), Config{Scope: rec.With()})
		r, _ := http.NewRequestWithContext(t.Context(), "PUT", "http://localhost/x?y=z", body)
		closed := 0
		if r.Body != nil {
			r.Body = closing{r.Body, &closed}
		}
		before := *r
		resp, err := client.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Request != r {
			t.Errorf("%s: the response is said to be that of another request", name)
		}
		same := []cmp.Option{cmpopts.IgnoreUnexported(http.Request{}), cmpopts.IgnoreFields(http.Request{}, "Body", "GetBody")}
		if diff := cmp.Diff(&before, r, same...); diff != "" || before.Body != r.Body {
			t.Errorf("%s: the request was changed: %s", name, diff)
		}
		if diff := cmp.Diff(r, seen, same...); diff != "" || seen.Context() != r.Context() {
			t.Errorf("%s: the transport got another request: %s", name, diff)
		}
		if name != "unknown" && seen != r {
			t.Errorf("%s: the request was copied", name)
		}
		size := 0
		if body != nil {
			size = 5
			if closed != 1 {
				t.Errorf("%s: the body was closed %d times", name, closed)
			}
		}
		if n := rec.Sum("http.client.request.body.size"); n != float64(size) {
			t.Errorf("%s: %v bytes, want %d", name, n, size)
		}
	}
}

type closing struct {
	io.ReadCloser
	n *int
}

func (c closing) Close() error {
	*c.n++
	return c.ReadCloser.Close()
}

func TestABodySentAgainCountsOnce(t *testing.T) {
	rec, url, client := measuredClient(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
			return
		}
		fmt.Fprint(w, n)
	}, false)
	body := func() (io.ReadCloser, error) { return io.NopCloser(io.MultiReader(strings.NewReader("hello"))), nil }
	r, _ := http.NewRequest("POST", url, nil)
	r.Body, _ = body()
	r.GetBody, r.ContentLength = body, -1
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if string(text) != "5" {
		t.Errorf("%s bytes arrived", text)
	}
	settled(t, rec, "http.client", 2)
	if n := rec.Sum("http.client.request.body.size"); n != 10 {
		t.Errorf("%v bytes in two requests, want 10", n)
	}

	// The transport itself begins anew where a connection that it kept turns out to be gone.
	again := zibratotest.New(t)
	restarting := Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
		io.CopyN(io.Discard, r.Body, 3)
		r.Body.Close()
		second, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		io.Copy(io.Discard, second)
		second.Close()
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	}), Config{Scope: again.With()})
	r.Body, _ = body()
	if _, err := restarting.RoundTrip(r); err != nil {
		t.Fatal(err)
	}
	if n := again.Sum("http.client.request.body.size"); n != 5 {
		t.Errorf("%v bytes, want the 5 of the second attempt", n)
	}
}

func TestAnUpgradedConnectionBelongsToTheCaller(t *testing.T) {
	rec, url, client := measuredClient(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		line, _ := buffered.ReadString('\n')
		io.WriteString(conn, line)
	}, false)
	r, _ := http.NewRequest("GET", url, nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	conn, ok := resp.Body.(io.ReadWriter)
	if !ok {
		t.Fatalf("%T cannot be written to", resp.Body)
	}
	io.WriteString(conn, "hello\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); line != "hello\n" {
		t.Errorf("%q, %v", line, err)
	}
	settled(t, rec, "http.client", 1)
	if _, _, status := tags(t, rec, "http.client.request.duration"); status != "1xx" {
		t.Errorf("status %q", status)
	}
}

func TestBodiesKeepWriteTo(t *testing.T) {
	rec := zibratotest.New(t)
	client := Transport(roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("hello"))}, nil // has WriteTo
	}), Config{Scope: rec.With()})
	r, _ := http.NewRequest("GET", "http://localhost", nil)
	resp, err := client.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	w, ok := resp.Body.(io.WriterTo)
	if !ok {
		t.Fatalf("%T has no WriteTo", resp.Body)
	}
	var got bytes.Buffer
	if n, err := w.WriteTo(&got); n != 5 || err != nil || got.String() != "hello" {
		t.Errorf("%d, %v, %q", n, err, got.String())
	}
	settled(t, rec, "http.client", 1)
	if n := rec.Sum("http.client.response.body.size"); n != 5 {
		t.Errorf("%v bytes", n)
	}

	plain := Transport(roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: &endless{}}, nil
	}), Config{Scope: rec.With()})
	resp, _ = plain.RoundTrip(r)
	if _, ok := resp.Body.(io.WriterTo); ok {
		t.Error("a body got a WriteTo")
	}
	resp.Body.Close()
}

func TestIdleConnectionsCanBeClosed(t *testing.T) {
	rec, url, client := measuredClient(t, echo, false)
	var dialed int
	var mu sync.Mutex
	inner := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		dialed++
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	client.Transport = Transport(inner, Config{Scope: rec.With()})
	for range 2 {
		send(t, client, "GET", url, nil)
		client.CloseIdleConnections()
	}
	if dialed != 2 {
		t.Errorf("%d connections were made, want 2", dialed)
	}
	if _, ok := Transport(roundTripper(nil), Config{}).(interface{ CloseIdleConnections() }); ok {
		t.Error("a transport got a CloseIdleConnections")
	}
	if tr := Transport(nil, Config{}).(struct {
		*transport
		idler
	}); tr.next != http.DefaultTransport {
		t.Error("nil does not stand for the default transport")
	}
}

func TestClientsHaveRoutesIfTheyAreTold(t *testing.T) {
	rec := zibratotest.New(t)
	url, client := serve(t, http.HandlerFunc(echo), false)
	client.Transport = Transport(client.Transport, Config{Scope: rec.With(), Route: func(r *http.Request) string { return r.URL.Path[1:] }})
	send(t, client, "GET", url+"/billing", nil)
	send(t, client, "GET", url+"/", nil)
	for _, route := range []string{"billing", "other"} {
		if n := rec.Calls("http.client.request.duration", zibratotest.Tag("route", route)); n != 1 {
			t.Errorf("%d requests of route %q", n, route)
		}
	}
}

func TestABodyMayBeClosedWhileItIsRead(t *testing.T) {
	rec, url, client := measuredClient(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "begun")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, false)
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		io.Copy(io.Discard, resp.Body)
	}()
	resp.Body.Close()
	<-reading
	settled(t, rec, "http.client", 1)
}
