package zslog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestItIsAHandlerByTheRules(t *testing.T) {
	rec := zibratotest.New(t)
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return Handler(slog.NewJSONHandler(&out, nil), Config{Scope: rec.With()})
	}, func(t *testing.T) map[string]any {
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		return line
	})
	if n := rec.Sum("log.records"); n < 10 {
		t.Errorf("%v records were counted", n)
	}
}

func TestRecordsAreCountedByLevel(t *testing.T) {
	rec := zibratotest.New(t)
	l := slog.New(Handler(nil, Config{Scope: rec.With(zibrato.Tag("program", "p"))})).With("a", 1).WithGroup("g").With("b", 2)
	want := map[string]float64{}
	for level, name := range map[slog.Level]string{
		-1000: "trace", slog.LevelDebug - 1: "trace", slog.LevelDebug: "debug", slog.LevelInfo - 1: "debug", slog.LevelInfo: "info", slog.LevelInfo + 2: "info",
		slog.LevelWarn: "warn", slog.LevelError - 1: "warn", slog.LevelError: "error", slog.LevelError + 3: "error", slog.LevelError + 4: "fatal", 1000: "fatal",
	} {
		l.Log(t.Context(), level, "x")
		want[name]++
	}
	for name, n := range want {
		if got := rec.Sum("log.records", zibratotest.Tag("level", name), zibratotest.Tag("program", "p")); got != n {
			t.Errorf("%v of level %s, want %v", got, name, n)
		}
	}
	if n := rec.Sum("log.records.failed"); n != 0 {
		t.Errorf("%v failed", n)
	}
}

// spy keeps what it is handed.
type spy struct {
	slog.Handler
	records []slog.Record
	err     error
}

func (s *spy) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "panic" {
		panic(r.Message)
	}
	s.records = append(s.records, r)
	return s.err
}

func TestTheWrappedHandlerDecides(t *testing.T) {
	rec := zibratotest.New(t)
	s := &spy{Handler: slog.NewTextHandler(nil, &slog.HandlerOptions{Level: slog.LevelWarn}), err: errors.New("no")}
	h := Handler(s, Config{Scope: rec.With()})
	for level, want := range map[slog.Level]bool{slog.LevelInfo: false, slog.LevelWarn: true} {
		if got := h.Enabled(t.Context(), level); got != want {
			t.Errorf("%v is enabled: %v", level, got)
		}
	}
	slog.New(h).Info("refused")
	if n := rec.Sum("log.records"); n != 0 || len(s.records) != 0 {
		t.Errorf("what is refused was counted (%v) or handled (%v)", n, s.records)
	}
	r := slog.NewRecord(time.Unix(1, 2), slog.LevelInfo, "all the same", 77)
	r.AddAttrs(slog.Int("a", 1))
	if err := h.Handle(t.Context(), r); err != s.err {
		t.Errorf("the error is %v", err)
	}
	if len(s.records) != 1 || s.records[0].PC != 77 || s.records[0].Message != "all the same" || !s.records[0].Time.Equal(r.Time) || s.records[0].NumAttrs() != 1 {
		t.Errorf("the handler got %+v", s.records)
	}
	level := zibratotest.Tag("level", "info")
	if n, failed := rec.Sum("log.records", level), rec.Sum("log.records.failed", level); n != 1 || failed != 1 {
		t.Errorf("%v records, %v failed, want one of each", n, failed)
	}
	func() {
		defer func() {
			if recover() != "panic" {
				t.Error("a panic did not pass")
			}
		}()
		slog.New(h).Warn("panic")
	}()
	if n := rec.Sum("log.records"); n != 2 {
		t.Errorf("%v records with the one that panicked, want 2", n)
	}
}

// The line that a record says it is from is that of the call.
func TestTheSourceIsTheCallers(t *testing.T) {
	rec := zibratotest.New(t)
	var out bytes.Buffer
	l := slog.New(Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{AddSource: true}), Config{Scope: rec.With()}))
	_, _, line, _ := runtime.Caller(0)
	l.Info("x")
	if want := "handler_test.go:" + slog.IntValue(line+1).String(); !strings.Contains(out.String(), want) {
		t.Errorf("%q lacks %s", out.String(), want)
	}
}

func TestManyGoroutinesLog(t *testing.T) {
	rec := zibratotest.New(t)
	l := slog.New(Handler(slog.DiscardHandler, Config{Scope: rec.With()}))
	counted := slog.New(Handler(nil, Config{Scope: rec.With()}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				l.Info("x") // which the handler refuses
				counted.With("a", 1).Error("x")
			}
		})
	}
	wg.Wait()
	if n := rec.Sum("log.records"); n != 8000 {
		t.Errorf("%v records, want 8000", n)
	}
}
