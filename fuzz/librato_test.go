package fuzz

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
)

// service answers the first request with what the test says, and takes all that come after it.
type service struct {
	status  int
	header  http.Header
	body    []byte
	answers int
	taken   []string // names of measurements in requests that were accepted
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.answers++
	body, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil {
		return nil, err
	}
	res := &http.Response{StatusCode: s.status, Header: s.header, Body: io.NopCloser(bytes.NewReader(s.body)), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if s.answers == 1 {
		return res, nil
	}
	var posted struct{ Measurements []struct{ Name string } }
	if err := json.Unmarshal(body, &posted); err != nil {
		return nil, err
	}
	for _, m := range posted.Measurements {
		s.taken = append(s.taken, m.Name)
	}
	res.StatusCode, res.Header, res.Body = http.StatusAccepted, http.Header{}, io.NopCloser(strings.NewReader("{}"))
	return res, nil
}

// FuzzLibratoReplies lets a service answer anything once. What it did not take and did not refuse as unfit has to come again, whole; and nothing
// that it says makes an error long, or repeats the token.
func FuzzLibratoReplies(f *testing.F) {
	const token = "s3cr3t-t0k3n"
	header := "Content-Type: application/json\nRetry-After: 5\nX-Librato-RateLimit-Agg: limit=120000,remaining=0,reset=1429744320\nLocation: https://x/"
	for _, status := range []int{200, 202, 204, 301, 400, 401, 403, 404, 408, 413, 415, 422, 425, 429, 500, 503, 599} {
		f.Add(status, header, []byte(`{"errors":{"params":{"name":["is not valid","`+token+`"]}},"measurements":{"summary":{"total":3,"accepted":2,"failed":1}}}`))
	}
	f.Add(200, "Content-Type: text/html", []byte("<html>"))
	f.Add(202, "", []byte(`{"errors":[`+strings.Repeat("[", 10_000)))
	f.Add(429, "Retry-After: -99999999999999999999", []byte(`"`))
	f.Add(503, "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", []byte("\xff\x00"))
	f.Add(403, "X-Librato-RateLimit-Agg: limit=1,remaining=0,reset=9999999999999999", []byte(nil))
	names := []string{"a", "b", "c"}
	window := &metric.Window{Start: time.Now().Truncate(time.Minute), Interval: time.Minute}
	for _, n := range names {
		s := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: n, Source: "s"}
		window.Series = append(window.Series, metric.Aggregate{Series: s, Count: 1, IntSum: 1, Sum: 1})
	}
	f.Fuzz(func(t *testing.T, status int, headers string, body []byte) {
		if status < 200 || status > 999 { // net/http lets no others through
			return
		}
		s := &service{status: status, header: http.Header{}, body: body}
		for line := range strings.Lines(headers) {
			key, value, _ := strings.Cut(line, ":")
			s.header.Add(key, strings.TrimSpace(value))
		}
		sink := librato.New(librato.Config{User: "u", Token: token, Client: &http.Client{Transport: s}})
		defer sink.Close(context.Background())
		err := sink.Write(context.Background(), window)
		if err != nil && (strings.Contains(err.Error(), token) || len(err.Error()) > 2000) {
			t.Fatalf("the error is %.3000v", err)
		}
		first := s.answers
		for tries := 0; err != nil && tries < 3; tries++ { // a refusal comes once, with the last measurement
			err = sink.Write(context.Background(), window)
		}
		if first > 8 || err != nil {
			t.Fatalf("it takes %d requests to learn what the answer means, and afterwards the sink says %v", first, err)
		}
		if accepted := status/100 == 2; accepted && first == 1 && len(s.taken) == 0 {
			return
		}
		slices.Sort(s.taken)
		if got := slices.Compact(s.taken); !slices.Equal(got, names) {
			t.Fatalf("after status %d the service has %v", status, got)
		}
	})
}
