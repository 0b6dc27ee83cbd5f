//go:build cgo && unix

package main

import (
	"strings"
	"testing"

	"github.com/zibrato/zibrato/metric"
)

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "db.query/x", true}, {"?", "", false}, {"?", "ä", true},
		{"db.*", "db.query.slow", true}, {"db.*", "db", false}, {"db.*", "adb.x", false}, {"*.slow", "db.query.slow", true},
		{"*a*b", "xaab", true}, {"*a*b", "xaabc", false}, {"a?c*", "abcd", true}, {"a[b]c", "abc", false}, {"a[b]c", "a[b]c", true}, {"**", "x", true},
		{strings.Repeat("*a", 20) + "b", strings.Repeat("a", 5000), false}, // in time
	} {
		if got := like(test.pattern, test.text); got != test.want {
			t.Errorf("%q of %q: %v", test.text, test.pattern, got)
		}
	}
}

func TestAFilterTakesWhatAllOfItSays(t *testing.T) {
	t.Parallel()
	series := func(name string, tags ...metric.Tag) *metric.Series { return &metric.Series{Name: name, Tags: tags} }
	eu, us := metric.Tag{Key: "region", Value: "eu-1"}, metric.Tag{Key: "region", Value: "us"}
	for _, test := range []struct {
		filter filter
		series *metric.Series
		want   bool
	}{
		{filter{}, series("x"), true},
		{filter{Only: []string{"db.*", "http.*"}}, series("http.request"), true},
		{filter{Only: []string{"db.*", "http.*"}}, series("jobs"), false},
		{filter{Except: []string{"zibrato.*"}}, series("zibrato.drain"), false},
		{filter{Only: []string{"db.*"}, Except: []string{"*.slow"}}, series("db.slow"), false},
		{filter{OnlyTags: map[string]string{"region": "eu-*"}}, series("x", eu), true},
		{filter{OnlyTags: map[string]string{"region": "eu-*"}}, series("x", us), false},
		{filter{OnlyTags: map[string]string{"region": "*"}}, series("x"), false},
		{filter{OnlyTags: map[string]string{"region": "*", "canary": "yes"}}, series("x", eu), false},
	} {
		if got := test.filter.passes(test.series); got != test.want {
			t.Errorf("%+v of %+v: %v", test.series, test.filter, got)
		}
	}
}

func TestASinkGetsWhatItsFilterLetsPass(t *testing.T) {
	t.Parallel()
	_, in, out := forward(t)
	p := start(t, nil, "log", "--from", out, "--flush", "100ms", "--only", "jobs.*,deploys", "--except", "*.failed")
	for _, name := range []string{"jobs.failed", "visits", "deploys", "jobs.done"} {
		send(t, in, "counter", name, "5")
	}
	p.stdout.await(t, `"jobs.done".*"sum":5`)
	p.stdout.await(t, `"deploys".*"sum":5`)
	if all := p.stdout.String(); strings.Contains(all, "visits") || strings.Contains(all, "failed") {
		t.Errorf("%s", all)
	}
}
