package metric

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeysAreEqualOnlyForTheSameSeries(t *testing.T) {
	distinct := []Series{
		{Kind: Timer, Level: "info", Name: "n", Source: "s"},
		{Kind: Gauge, Level: "info", Name: "n", Source: "s"},
		{Kind: Timer, Level: "infon", Name: "", Source: "s"},
		{Kind: Timer, Level: "info", Name: "ns"},
		{Kind: Timer, Level: "info", Name: "n", Source: "s", Tags: []Tag{{"a", "b"}}},
		{Kind: Timer, Level: "info", Name: "n", Source: "s", Tags: []Tag{{"ab", ""}}},
		{Kind: Timer, Level: "info", Name: "n", Source: "s", Tags: []Tag{{"a", ""}, {"b", ""}}},
		{Kind: Timer, Level: "info", Name: "n", Source: "s", Tags: []Tag{{"a", "b=c"}}},
		{Kind: Timer, Level: "info", Name: "n", Source: "s", Tags: []Tag{{"a=b", "c"}}},
	}
	seen := map[string]int{}
	for i, s := range distinct {
		if j, taken := seen[s.Key()]; taken {
			t.Errorf("%+v and %+v have the same key", distinct[j], s)
		}
		seen[s.Key()] = i
		described := s
		described.Unit, described.Help = "By", "help"
		if described.Key() != s.Key() {
			t.Errorf("%+v: unit and help are in the key", s)
		}
	}
}

func TestSeriesAreOrderedForPeople(t *testing.T) {
	ordered := []*Series{
		{Level: "debug", Name: "z"},
		{Level: "info", Name: "a", Source: "s"},
		{Level: "info", Name: "b", Source: "a"},
		{Level: "info", Name: "b", Source: "a", Tags: []Tag{{"k", "1"}}},
		{Level: "info", Name: "b", Source: "a", Tags: []Tag{{"k", "1"}, {"l", "0"}}},
		{Level: "info", Name: "b", Source: "a", Tags: []Tag{{"k", "2"}}},
		{Level: "info", Name: "b", Source: "a", Tags: []Tag{{"l", "0"}}, Kind: Timer},
		{Level: "info", Name: "b", Source: "a", Tags: []Tag{{"l", "0"}}, Kind: Gauge},
		{Level: "info", Name: "b", Source: "b"},
		{Level: "warning"}, {Level: "error"}, {Level: "critical"},
		{Level: "a-custom-one"}, {Level: "b-custom-one"},
	}
	shuffled := slices.Clone(ordered)
	rand.New(rand.NewPCG(11, 12)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	slices.SortFunc(shuffled, (*Series).Compare)
	if diff := cmp.Diff(ordered, shuffled); diff != "" {
		t.Error(diff)
	}
	for i, s := range ordered {
		for j, o := range ordered {
			if got, want := s.Compare(o), sign(i-j); sign(got) != want {
				t.Errorf("%+v and %+v compare %d", s, o, got)
			}
		}
	}
}

func sign(i int) int { return min(max(i, -1), 1) }

func TestTagsAreSortedAndTheLastOfEqualKeysWins(t *testing.T) {
	for _, test := range []struct{ in, want []Tag }{
		{nil, nil},
		{[]Tag{{"a", "1"}}, []Tag{{"a", "1"}}},
		{[]Tag{{"b", "1"}, {"a", "2"}}, []Tag{{"a", "2"}, {"b", "1"}}},
		{[]Tag{{"b", "1"}, {"a", "2"}, {"b", "3"}, {"a", "4"}, {"b", "5"}}, []Tag{{"a", "4"}, {"b", "5"}}},
	} {
		in := slices.Clone(test.in)
		if diff := cmp.Diff(test.want, SortTags(in)); diff != "" {
			t.Errorf("%v: %s", test.in, diff)
		}
	}
}

func TestATagIsFoundByItsKey(t *testing.T) {
	s := Series{Tags: []Tag{{"a", "1"}, {"b", "2"}}}
	if s.Tag("a") != "1" || s.Tag("b") != "2" || s.Tag("c") != "" {
		t.Errorf("%q %q %q", s.Tag("a"), s.Tag("b"), s.Tag("c"))
	}
}

func TestKindsAndReasonsHaveNames(t *testing.T) {
	for i, want := range []string{"kind(0)", "timer", "counter", "updown", "gauge", "distribution", "kind(6)"} {
		k := Kind(i)
		if k.String() != want || k.Valid() != (i >= 1 && i <= 5) || k.Integer() != (i >= 1 && i <= 3) {
			t.Errorf("kind %d: %q, valid %v, integer %v", i, k, k.Valid(), k.Integer())
		}
	}
	names := map[string]bool{}
	for r := range Reason(Reasons) {
		names[r.String()] = true
	}
	if len(names) != Reasons || names[""] || Reason(Reasons).String() != "reason(11)" {
		t.Errorf("the reasons are %v and %s", names, Reason(Reasons))
	}
}

func TestValuesKeepEveryBit(t *testing.T) {
	for _, i := range []int64{0, -1, 1, math.MaxInt64, math.MinInt64} {
		if IntValue(i).Int() != i {
			t.Error(i)
		}
	}
	for _, f := range []float64{0, -0.1, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		if FloatValue(f).Float() != f {
			t.Error(f)
		}
	}
	for k, want := range map[Kind]float64{Timer: 1.5, Counter: 1500000000, UpDown: 1500000000} {
		if got := k.InUnits(IntValue(1500000000)); got != want {
			t.Errorf("%s: %v", k, got)
		}
	}
	for _, k := range []Kind{Gauge, Distribution} {
		if got := k.InUnits(FloatValue(-2.5)); got != -2.5 {
			t.Errorf("%s: %v", k, got)
		}
	}
}

func TestRecordersHaveNames(t *testing.T) {
	if !(RecorderID{}).IsZero() || (RecorderID{15: 1}).IsZero() {
		t.Error("IsZero")
	}
	if got := (RecorderID{0: 0xab, 15: 1}).String(); got != "ab000000000000000000000000000001" {
		t.Error(got)
	}
}
