package zhttp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/zibratotest"
)

func TestStreamsArriveWhileTheHandlerRuns(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		rec := zibratotest.New(t)
		next := make(chan struct{})
		base, client := serve(t, Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for i := range 3 {
				fmt.Fprintf(w, "data: %d\n\n", i)
				if i == 1 {
					w.(http.Flusher).Flush()
				} else if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				<-next
			}
		}), Config{Scope: rec.With()}), http2)
		resp, err := client.Get(base)
		if err != nil {
			t.Fatal(err)
		}
		if http2 != (resp.ProtoMajor == 2) {
			t.Fatalf("the server speaks %s", resp.Proto)
		}
		lines := bufio.NewScanner(resp.Body)
		for i := range 3 {
			if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", i) {
				t.Fatalf("%q, %v", lines.Text(), lines.Err())
			}
			lines.Scan()
			next <- struct{}{}
		}
		resp.Body.Close()
		settled(t, rec, "http.server", 1)
		if n := rec.Sum("http.server.response.body.size"); n != 27 {
			t.Errorf("%v bytes, want 27", n)
		}
	}
}

func TestADisconnectedClientIsSeenByTheHandler(t *testing.T) {
	rec := zibratotest.New(t)
	base, client := serve(t, Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}), Config{Scope: rec.With()}), false)
	ctx, cancel := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(ctx, "GET", base, nil)
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	resp.Body.Close()
	settled(t, rec, "http.server", 1)
}

func TestDeadlinesReachTheServersWriter(t *testing.T) {
	_, base, client := measured(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		if err := c.SetWriteDeadline(time.Now().Add(-time.Second)); err != nil {
			t.Error(err)
		}
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			t.Error(err)
		}
		w.Write(make([]byte, 1<<20))
	}))
	if resp, err := client.Get(base); err == nil {
		if _, err = io.ReadAll(resp.Body); err == nil {
			t.Error("the deadline did not hold")
		}
		resp.Body.Close()
	}
}

func TestHijackedConnectionsAreSaidToBe(t *testing.T) {
	rec, base, _ := measured(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhello")
		conn.Close()
	}))
	if got := exchanged(t, "a hijacking", base, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasSuffix(got, "hello") {
		t.Errorf("%q", got)
	}
	settled(t, rec, "http.server", 1)
	if _, _, status := tags(t, rec, "http.server.request.duration"); status != "hijacked" {
		t.Errorf("status %q", status)
	}
	if n := rec.Calls("http.server.response.body.size"); n != 0 {
		t.Errorf("the size of %d hijacked responses is known", n)
	}
}

// between sees what the measured handler asks of the server's writer.
type between struct {
	http.ResponseWriter
	t     *testing.T
	calls *int
}

func (b between) ReadFrom(src io.Reader) (int64, error) {
	*b.calls++
	limited, ok := src.(*io.LimitedReader)
	if !ok {
		b.t.Errorf("%T, want what sendfile takes", src)
	} else if _, ok := limited.R.(*os.File); !ok {
		b.t.Errorf("%T, want a file", limited.R)
	}
	return b.ResponseWriter.(io.ReaderFrom).ReadFrom(src)
}

func TestFilesReachSendfile(t *testing.T) {
	path := t.TempDir() + "/large"
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	rec, calls := zibratotest.New(t), 0
	measured := Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }), Config{Scope: rec.With()})
	base, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		measured.ServeHTTP(between{w, t, &calls}, r)
	}), false)
	if _, got := send(t, client, "GET", base, nil); got != string(want) {
		t.Errorf("%d bytes came, want %d", len(got), len(want))
	}
	settled(t, rec, "http.server", 1)
	if calls != 1 {
		t.Errorf("the server's ReadFrom was called %d times", calls)
	}
	if n := rec.Sum("http.server.response.body.size"); n != float64(len(want)) {
		t.Errorf("%v bytes, want %d", n, len(want))
	}
}

func TestHTTP2KeepsItsOwn(t *testing.T) {
	rec := zibratotest.New(t)
	base, client := serve(t, Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := w.(http.Pusher); !ok {
			t.Error("no Pusher")
		}
		if _, ok := w.(http.Hijacker); ok {
			t.Error("a Hijacker")
		}
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set(http.TrailerPrefix+"X-Read", fmt.Sprint(n))
		fmt.Fprint(w, r.Trailer)
	}), Config{Scope: rec.With()}), true)
	r, _ := http.NewRequestWithContext(t.Context(), "PUT", base, io.LimitReader(neverending('x'), 100_000))
	r.Trailer = http.Header{"X-T": {"1"}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.Trailer.Get("X-Read") != "100000" || string(text) != "map[X-T:[1]]" {
		t.Errorf("trailers %v, %s", resp.Trailer, text)
	}
	settled(t, rec, "http.server", 1)
	if n := rec.Sum("http.server.request.body.size"); n != 100_000 {
		t.Errorf("%v bytes", n)
	}
}

type neverending byte

func (b neverending) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

// What the server and those around the handler read of the request after it is there.
func TestTheServersRequestGetsWhatTheHandlerFound(t *testing.T) {
	rec := zibratotest.New(t)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /upload/{name}", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil { // so small that a file goes to disk
			t.Error(err)
		}
		f, err := r.MultipartForm.File["f"][0].Open()
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		file, ok := f.(*os.File)
		if !ok {
			t.Errorf("%T, want a file on disk", f)
			return
		}
		io.WriteString(w, file.Name())
	})
	measured := Handler(mux, Config{Scope: rec.With()})
	patterns := make(chan string, 1)
	base, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before := r.Body
		measured.ServeHTTP(w, r)
		if r.Body != before {
			t.Error("the server's body was changed")
		}
		patterns <- r.Pattern
	}), false)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("f", "name")
	part.Write(make([]byte, 1<<20))
	form.Close()
	resp, err := client.Post(base+"/upload/x", form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	name, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if p := <-patterns; p != "POST /upload/{name}" {
		t.Errorf("pattern %q", p)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(string(name)); os.IsNotExist(err) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%s stays on disk", name)
		}
	}
}

func TestWrappersNest(t *testing.T) {
	rec := zibratotest.New(t)
	inner := Handler(shop(), Config{Scope: rec.With()})
	outer := Handler(inner, Config{Scope: rec.With()})
	w := httptest.NewRecorder()
	outer.ServeHTTP(w, httptest.NewRequest("POST", "/items/1", strings.NewReader("abc")))
	if w.Code != 201 || w.Body.Len() != 6 {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
	if n := rec.Calls("http.server.request.duration", zibratotest.Tag("route", "/items/{id}")); n != 2 {
		t.Errorf("%d requests, want each twice", n)
	}
}
