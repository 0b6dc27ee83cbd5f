package zotel

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/zibrato/zibrato/internal/logbook"
	zmetric "github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/zibratotest"
)

var ctx = context.Background()

// patience is how long a test waits for what happens as soon as the machine has time.
const patience = time.Minute

// bridge is a provider with a recorder of the test's own, and what was logged.
type bridge struct {
	*Provider
	metric.Meter
	t   *testing.T
	rec *zibratotest.Recorder
	log *logbook.Book
}

func start(t *testing.T, c Config) *bridge {
	t.Helper()
	b := &bridge{t: t, rec: zibratotest.New(t), log: &logbook.Book{}}
	if c.Scope == nil {
		c.Scope = b.rec.With()
	}
	if c.Every == 0 {
		c.Every = time.Hour // passes are made when the test asks
	}
	c.Logger = b.log.Logger()
	p, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.shutdown() })
	b.Provider, b.Meter = p, p.Meter("lib")
	return b
}

func (b *bridge) shutdown() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := b.Shutdown(ctx); err != nil {
		b.t.Error(err)
	}
}

func (b *bridge) flush() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := b.ForceFlush(ctx); err != nil {
		b.t.Error(err)
	}
}

// series are the names of those that recorded, with their kinds and tags, but for what the bridge and the recorder say about themselves.
func (b *bridge) series() []string {
	b.t.Helper()
	var all []string
	for _, s := range b.rec.Series() {
		if !strings.HasPrefix(s.Name, "zibrato.") && !strings.HasPrefix(s.Name, "otel.bridge.") {
			all = append(all, named(s))
		}
	}
	return all
}

// named says what a series is, without the tag of the scope.
func named(s *zmetric.Series) string {
	text := fmt.Sprint(s.Kind, " ", s.Name)
	for _, t := range s.Tags {
		if t.Key != "otel.scope.name" {
			text += fmt.Sprint(" ", t.Key, "=", t.Value)
		}
	}
	return text
}

func (b *bridge) misused(r reason) float64 {
	b.t.Helper()
	return b.rec.Sum("otel.bridge.misuse", zibratotest.Tag("reason", reasonNames[r]))
}

func same[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// must returns an instrument that is made without an error.
func must[T any](i T, err error) T {
	if err != nil {
		panic(err)
	}
	return i
}

// with is the option of a string attribute.
func with(key, value string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String(key, value)))
}
