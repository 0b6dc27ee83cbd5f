package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// sink posts each window to a URL.
type sink struct {
	url    string
	client *http.Client
	closed bool
}

func newSink(url string) *sink {
	return &sink{url: url, client: &http.Client{Transport: &http.Transport{}}} // with connections of its own, which Close ends
}

// line is what is posted of one series.
type line struct {
	Time   time.Time         `json:"time"` // the window's start
	Kind   string            `json:"kind"`
	Level  string            `json:"level"`
	Name   string            `json:"name"`
	Source string            `json:"source"`
	Tags   map[string]string `json:"tags"`
	Count  uint64            `json:"count"`
	Max    *float64          `json:"max"` // null where it is not known
}

// Write posts the window. Nothing of w is kept: the body is made before anything is sent.
func (s *sink) Write(ctx context.Context, w *metric.Window) error {
	if s.closed {
		return errors.New("sink: closed")
	}
	var body bytes.Buffer
	lines := json.NewEncoder(&body)
	for i := range w.Series {
		a := &w.Series[i]
		l := line{Time: w.Start, Kind: a.Kind.String(), Level: string(a.Level), Name: a.Name, Source: a.Source, Tags: map[string]string{}, Count: a.Count}
		for _, t := range a.Tags {
			l.Tags[t.Key] = t.Value
		}
		if a.HasDetail() {
			l.Max = &a.Detail.Max
		}
		if err := lines.Encode(l); err != nil {
			return backend.Reject(fmt.Errorf("sink: %w", err), len(w.Series))
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, &body)
	if err != nil {
		return backend.Reject(fmt.Errorf("sink: %w", err), len(w.Series))
	}
	res, err := s.client.Do(req)
	if err != nil {
		return backend.Retry(fmt.Errorf("sink: %w", err), 0) // the whole window comes again
	}
	defer res.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(res.Body, 300))
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode == http.StatusBadRequest: // it will not be better the next time
		return backend.Reject(fmt.Errorf("sink: %s: %s", res.Status, said), len(w.Series))
	}
	return backend.Retry(fmt.Errorf("sink: %s: %s", res.Status, said), 0)
}

// Close ends the connections.
func (s *sink) Close(context.Context) error {
	s.closed = true
	s.client.CloseIdleConnections()
	return nil
}
