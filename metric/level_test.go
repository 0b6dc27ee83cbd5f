package metric

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListsOfLevelsAreRead(t *testing.T) {
	for in, want := range map[string]Levels{
		"":                       nil,
		"  ":                     nil,
		"info":                   {"info"},
		"info+":                  {"info", "warning", "error", "critical"},
		"critical+":              {"critical"},
		"debug+":                 {"debug", "info", "warning", "error", "critical"},
		" x.y , debug":           {"x.y", "debug"},
		"error+,info,info,error": {"error", "critical", "info"},
		"Info":                   {"Info"},
	} {
		got, err := ParseLevels(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
		again, err := ParseLevels(got.String())
		if diff := cmp.Diff(got, again); diff != "" || err != nil {
			t.Errorf("%q written as %q: %v %s", in, got, err, diff)
		}
	}
}

func TestListsThatAreNoneAreRefusedByName(t *testing.T) {
	for in, want := range map[string]string{
		"info,":                 `level ""`,
		",":                     `level ""`,
		"in fo":                 `level "in fo"`,
		"info++":                `level "info+"`,
		"custom+":               `level "custom+": only debug, info, warning, error and critical`,
		"zsx":                   `level "zsx"`,
		"größe":                 `level "größe"`,
		strings.Repeat("l", 33): "want 1 to 32",
	} {
		if got, err := ParseLevels(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want an error with %s", in, got, err, want)
		}
	}
}

func TestAChoiceIncludesWhatItNamesAndTheEmptyOneAll(t *testing.T) {
	if ls := (Levels{"info", "x"}); !ls.Include("info") || !ls.Include("x") || ls.Include("debug") {
		t.Errorf("%v", ls)
	}
	if !Levels(nil).Include("anything") {
		t.Error("the empty choice excludes")
	}
}

func TestOnlyStandardLevelsHaveOthersAbove(t *testing.T) {
	if diff := cmp.Diff(Levels{Error, Critical}, Error.AndAbove()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Levels{"x"}, Level("x").AndAbove()); diff != "" {
		t.Error(diff)
	}
	Debug.AndAbove()[0] = "changed"
	if got := Debug.AndAbove()[0]; got != Debug {
		t.Errorf("a caller changed the standard levels: %s", got)
	}
}

func TestLevelsAreLegalLabels(t *testing.T) {
	for _, l := range []Level{"a", "A.b-c_9", "z", "s", "Zs", Level(strings.Repeat("l", 32))} {
		if !l.Valid() {
			t.Errorf("%q is refused", l)
		}
	}
	for _, l := range []Level{"", "zs", "zsmp1", "a|b", "a b", "ä", Level(strings.Repeat("l", 33))} {
		if l.Valid() {
			t.Errorf("%q is accepted", l)
		}
	}
}
