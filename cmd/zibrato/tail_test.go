//go:build cgo && unix

package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
)

func TestTailLeavesOutWhatIsSaidOfInstrumentationUnlessAsked(t *testing.T) {
	named := func(names ...string) []metric.Entry {
		var all []metric.Entry
		for i, n := range names {
			s := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: n, Source: "orders"}
			all = append(all, metric.Entry{ID: uint32(i), Series: s, After: metric.Totals{Count: 1, Sum: metric.IntValue(1)}})
		}
		return all
	}
	names := []string{"zibrato.drain", "zibrato", "zibratos", "jobs", "my.zibrato.jobs"}
	samples := &metric.Batch{Detail: metric.Samples, Level: metric.Info, Base: noon, Entries: named(names...)}
	for i := range samples.Entries {
		samples.Samples = append(samples.Samples, metric.Sample{Entry: uint32(i), Value: metric.IntValue(1)})
	}
	summaries := &metric.Batch{Detail: metric.Summaries, Level: metric.Info, Base: noon, Entries: named(names...)}
	for _, test := range []struct {
		c    tailCmd
		want []string
	}{
		{tailCmd{}, names[1:]},
		{tailCmd{Self: true}, names},
	} {
		for _, b := range []*metric.Batch{samples, summaries} {
			for form, format := range map[string]func([]byte, *metric.Batch, time.Time) []byte{
				"people": humanLines(test.c.shows), "programs": jsonLines(test.c.shows),
			} {
				lines := bytes.Split(bytes.TrimSpace(format(nil, b, noon)), []byte("\n"))
				if len(lines) != len(test.want) {
					t.Fatalf("--self=%v, %v for %s: %d lines, want %d:\n%s", test.c.Self, b.Detail, form, len(lines), len(test.want), bytes.Join(lines, []byte("\n")))
				}
				for i, name := range test.want {
					if !regexp.MustCompile(`[ "]` + regexp.QuoteMeta(name) + `[ "]`).Match(lines[i]) {
						t.Errorf("--self=%v, %v for %s: line %d is not about %s: %s", test.c.Self, b.Detail, form, i, name, lines[i])
					}
				}
			}
		}
	}
}

func TestTailShowsWhatAProcessSaysOfItselfOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	_, in, out := forward(t)
	plain := start(t, nil, "tail", "--from", out, "--levels", "info")
	all := start(t, nil, "tail", "--from", out, "--levels", "info", "--self")
	rec := zibrato.New(zibrato.Config{Source: "orders"})
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: in})
	if err != nil {
		t.Fatal(err)
	}
	defer pub.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := pub.WaitSubscriber(ctx, zibrato.LevelInfo); err != nil {
		t.Fatal(err)
	}
	// shown records again and again, since a subscription takes effect sooner or later.
	shown := func(p *process, pattern string, record func()) {
		t.Helper()
		for re := regexp.MustCompile(pattern); !re.MatchString(p.stdout.String()); {
			record()
			if err := pub.Flush(ctx); err != nil {
				t.Fatal(err)
			}
			select {
			case <-p.stdout.more:
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	jobs, after := rec.NewCounter("jobs"), rec.NewCounter("after")
	shown(plain, `(?m)^\S+ info +counter +jobs \d+ orders$`, jobs.Inc)
	shown(all, `(?m)^\S+ info +counter +zibrato\.misuse \d+ `, func() { jobs.Add(-1) }) // which is wrong, and so told at once
	shown(plain, `(?m)^\S+ info +counter +after \d+ orders$`, after.Inc)
	if got := plain.stdout.String(); strings.Contains(got, ownPrefix) {
		t.Errorf("shown without being asked for:\n%s", got)
	}
}
