package librato_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/librato"
)

// The clock of a synctest bubble starts here.
var bubble = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestRateLimitsAreWaitedOut(t *testing.T) {
	in := func(d time.Duration) int64 { return bubble.Add(d).Unix() }
	date := func(d time.Duration) string { return bubble.Add(d).Format(http.TimeFormat) }
	const agg, std = "X-Librato-RateLimit-Agg", "X-Librato-RateLimit-Std"
	const over = `{"request_time":1467306906,"error":"You have hit the API limit for measurements [measure:raw_rate]. Contact: support"}`
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   time.Duration
	}{
		{"seconds", says(429, over, "Retry-After", "17"), 17 * time.Second},
		{"date", says(429, over, "Retry-After", date(90*time.Second)), 90 * time.Second},
		{"date, by a clock an hour ahead", says(429, over, "Date", date(time.Hour), "Retry-After", date(time.Hour+90*time.Second)), 90 * time.Second},
		{"date in the past", says(429, over, "Retry-After", date(-time.Minute)), 0},
		{"zero", says(429, over, "Retry-After", "0"), 0},
		{"nonsense", says(429, over, "Retry-After", "soon", agg, "limit=,remaining", std, "reset=soon"), 0},
		{"negative", says(429, over, "Retry-After", "-5"), 0},
		{"for ever", says(429, over, "Retry-After", "99999999999999999999"), 0},
		{"for very long", says(429, over, "Retry-After", "9999999999999999999"), 110 * time.Minute},
		{"nothing said", says(429, over), 0},
		{"reset", says(429, over, agg, fmt.Sprintf("limit=600000,remaining=0,reset=%d", in(30*time.Second))), 30 * time.Second},
		{"reset, in another order", says(429, over, std, fmt.Sprintf("reset=%d, remaining=0, limit=5", in(31*time.Second))), 31 * time.Second},
		{"reset of what is exhausted", says(429, over,
			agg, fmt.Sprintf("limit=9,remaining=5,reset=%d", in(time.Hour)), std, fmt.Sprintf("limit=9,remaining=0,reset=%d", in(20*time.Second))), 20 * time.Second},
		{"the later reset when nothing is exhausted", says(429, over,
			agg, fmt.Sprintf("limit=9,remaining=5,reset=%d", in(10*time.Second)), std, fmt.Sprintf("limit=9,remaining=1,reset=%d", in(20*time.Second))), 20 * time.Second},
		{"Retry-After before reset", says(429, over, "Retry-After", "3", agg, fmt.Sprintf("limit=9,remaining=0,reset=%d", in(time.Hour))), 3 * time.Second},
		{"reset in milliseconds by mistake", says(429, over, agg, fmt.Sprintf("limit=9,remaining=0,reset=%d", in(0)*1000)), 110 * time.Minute},
		{"reset in the past", says(429, over, agg, fmt.Sprintf("limit=9,remaining=0,reset=%d", in(-time.Hour))), 0},
		{"403 with the limit's text", says(403, over), 0},
		{"403 with Retry-After", says(403, "", "Retry-After", "5"), 5 * time.Second},
		{"403 with an exhausted limit", says(403, "", std, fmt.Sprintf("limit=9,remaining=0,reset=%d", in(7*time.Second))), 7 * time.Second},
		{"503 with Retry-After", says(503, "", "Retry-After", "120"), 2 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				s := newSink(t, config(f))
				w := window(counter("c", 1))
				f.next(c.answer)
				err := s.Write(t.Context(), w)
				if after, retry := backend.RetryAfter(err); !retry || after != c.want {
					t.Errorf("retry is %v, after %v instead of %v: %v", retry, after, c.want, err)
				}
				if err := s.Write(t.Context(), w); err != nil || len(f.store) != 1 {
					t.Errorf("%d arrived then: %v", len(f.store), err)
				}
			})
		})
	}
}

func TestWrongSetupIsOneClearLineAndTriedAgainRarely(t *testing.T) {
	for _, c := range []struct {
		answer http.HandlerFunc
		says   string
	}{
		{says(401, `{"errors":{"request":["Authorization Required"]}}`), "check User and Token"},
		{says(403, `{"errors":{"request":["please use HTTPS"]}}`), "https"},
		{says(403, `{"errors":["viewer may not"]}`), "may record"},
		{says(403, "", "X-Librato-RateLimit-Std", "limit=9,reset=4102444800"), "may record"},
		{says(404, "<html>\n<h1>nginx</h1>"), "check URL and API"},
		{says(415, ""), "check URL and API"},
		{says(405, "no"), "check URL and API"},
		{says(200, "<!doctype html>\n<title>Log in to the hotel's network</title>"), "check URL"},
		{says(204, ""), ""}, // a success
		{says(301, "", "Location", "https://elsewhere.example/v1"), "redirects to elsewhere.example: check URL"},
		{says(307, "", "Location", "/v2/measurements"), "check URL"},
	} {
		f := newFake(t)
		f.always = c.answer
		err := newSink(t, config(f)).Write(context.Background(), window(counter("c", 1)))
		if c.says == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if after, retry := backend.RetryAfter(err); !retry || after < time.Minute {
			t.Errorf("retry is %v, after %v: %v", retry, after, err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("the error does not say %q in one line: %v", c.says, err)
		}
		if len(f.posts) != 1 {
			t.Errorf("%d requests: %v", len(f.posts), err)
		}
	}
}

func TestWhatMayPassIsTriedAgainAtTheBackendsPace(t *testing.T) {
	for _, answer := range []http.HandlerFunc{
		says(500, `{"errors":{"system":["oops"]}}`), says(502, "<html>bad gateway</html>"), says(503, ""), says(504, "\x00\x1b[31m"), says(408, ""), says(425, ""),
	} {
		f := newFake(t)
		f.next(answer)
		s := newSink(t, config(f))
		w := window(counter("c", 1))
		err := s.Write(context.Background(), w)
		if after, retry := backend.RetryAfter(err); !retry || after != 0 || strings.ContainsAny(err.Error(), "\x00\x1b\n") {
			t.Errorf("retry is %v, after %v: %v", retry, after, err)
		}
		if err := s.Write(context.Background(), w); err != nil || len(f.store) != 1 {
			t.Errorf("%d arrived then: %v", len(f.store), err)
		}
	}
}

func TestAnUnreachableServiceIsTriedAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	s := newSink(t, librato.Config{User: user, Token: token, URL: "http://" + l.Addr().String()})
	err = s.Write(context.Background(), window(counter("c", 1)))
	if _, retry := backend.RetryAfter(err); !retry || !strings.Contains(err.Error(), l.Addr().String()) || strings.Contains(err.Error(), "\n") {
		t.Errorf("retry is %v: %v", retry, err)
	}
}

func TestAServiceThatHangsIsGivenUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.always = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		cfg := config(f)
		cfg.Timeout = 7 * time.Second
		s := newSink(t, cfg)
		began := time.Now()
		err := s.Write(t.Context(), window(counter("c", 1)))
		if _, retry := backend.RetryAfter(err); !retry || time.Since(began) != 7*time.Second || !strings.Contains(err.Error(), "no answer within 7s") {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		err = s.Write(ctx, window(counter("c", 1)))
		if _, retry := backend.RetryAfter(err); !retry || time.Since(began) != time.Second || !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "7s") {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestAnEndedContextSendsNothing(t *testing.T) {
	f := newFake(t)
	s := newSink(t, config(f))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := s.Write(ctx, window(counter("c", 1)))
	if _, retry := backend.RetryAfter(err); !retry || !errors.Is(err, context.Canceled) || len(f.posts) > 0 {
		t.Errorf("%d requests: %v", len(f.posts), err)
	}
}

// reset breaks a connection with an RST after some of a reply.
func reset(partly string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		buf.WriteString(partly)
		buf.Flush()
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
}

func TestBrokenConnections(t *testing.T) {
	const half = "Content-Length: 100\r\n\r\n{\"measurements\":{\"summ"
	for _, c := range []struct {
		name, partly string
		retry        bool
	}{
		{"before the reply", "", true},
		{"in the status", "HTTP/1.1 2", true},
		{"in the body of 202, which would tell what was refused", "HTTP/1.1 202 Accepted\r\n" + half, true},
		{"in the body of 500", "HTTP/1.1 500 Internal Server Error\r\n" + half, true},
		{"in the body of 200, which tells nothing", "HTTP/1.1 200 OK\r\n" + half, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			server := httptest.NewServer(f)
			defer server.Close()
			s := newSink(t, librato.Config{User: user, Token: token, URL: server.URL})
			w := window(counter("c", 1))
			f.next(reset(c.partly))
			err := s.Write(context.Background(), w)
			if _, retry := backend.RetryAfter(err); retry != c.retry || (err != nil) != c.retry {
				t.Fatalf("retry is %v: %v", retry, err)
			}
			if c.retry {
				if err := s.Write(context.Background(), w); err != nil || len(f.store) != 1 {
					t.Errorf("%d arrived then: %v", len(f.store), err)
				}
			}
		})
	}
}

func TestCancellingEndsARequestOnTheNetwork(t *testing.T) {
	f := newFake(t)
	ctx, cancel := context.WithCancel(context.Background())
	f.always = func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		http.NewResponseController(w).Flush() // hangs in the body
		cancel()
		<-r.Context().Done()
	}
	server := httptest.NewServer(f)
	defer server.Close()
	s := newSink(t, librato.Config{User: user, Token: token, URL: server.URL})
	err := s.Write(ctx, window(counter("c", 1)))
	if _, retry := backend.RetryAfter(err); !retry || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// endless is a reply's body that never ends.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	e.read += len(b)
	return copy(b, strings.Repeat("x", len(b))), nil
}

func (e *endless) Close() error { return nil }

func TestOfAnEndlessReplyABoundedPartIsRead(t *testing.T) {
	for _, status := range []int{202, 400, 500} {
		body := &endless{}
		s := newSink(t, librato.Config{User: user, Token: token, Timeout: time.Second, Client: &http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Body: body, Request: r}, nil
			}),
		}})
		err := s.Write(context.Background(), window(counter("c", 1)))
		if (err == nil) != (status == 202) || body.read > 2<<20 {
			t.Errorf("%d: read %d bytes: %v", status, body.read, err)
		}
	}
}
