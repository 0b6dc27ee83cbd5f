package metric

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLegalNamesStayAsTheyAre(t *testing.T) {
	for _, s := range []string{
		"db.query", "a b", "größe", "задачи", "完了", "مهام", "🚀", "~", "a~12345678", "zsmp1", " ", "\u00a0", "\ufffd",
		strings.Repeat("n", MaxNameLen), strings.Repeat("ß", 127) + "s",
	} {
		if got, ok := LegalName(s); got != s || !ok {
			t.Errorf("%q becomes %q", s, got)
		}
		if got, ok := LegalTag(Tag{"k", s}); got.Value != s || !ok {
			t.Errorf("the tag value %q becomes %q", s, got.Value)
		}
	}
	if got, ok := LegalTag(Tag{"k", ""}); got != (Tag{"k", ""}) || !ok {
		t.Errorf("an empty tag value becomes %q", got)
	}
}

func TestIllegalNamesAreReplacedAsDocumented(t *testing.T) {
	hash := func(s string) string {
		h := fnv.New32a()
		h.Write([]byte(s))
		return fmt.Sprintf("%08x", h.Sum32())
	}
	long := strings.Repeat("n", 300)
	for in, want := range map[string]string{
		"":             "unnamed~811c9dc5",
		"a|b":          "a_b~" + hash("a|b"),
		"a\x00b\nc":    "a_b_c~" + hash("a\x00b\nc"),
		"a\u0085b":     "a_b~" + hash("a\u0085b"),
		"\xffß\xc3":    "_ß_~" + hash("\xffß\xc3"),
		long:           long[:246] + "~" + hash(long),
		"x" + nSharp(): "x" + strings.Repeat("ß", 122) + "~" + hash("x"+nSharp()), // 246 would fall into a character
	} {
		got, ok := LegalName(in)
		if got != want || ok {
			t.Errorf("%.20q becomes %q, want %q", in, got, want)
		}
	}
}

func nSharp() string { return strings.Repeat("ß", 200) }

// illegal draws a string that is not legal, or is by chance.
func illegal(rng *rand.Rand) string {
	pieces := []string{"|", "\x00", "\n", "\xff", "\xc3", "ß", "完", "a", "b", "~", "_", "\u009f", strings.Repeat("long", 80), "\ufffd"}
	var b strings.Builder
	for range rng.IntN(8) {
		b.WriteString(pieces[rng.IntN(len(pieces))])
	}
	return b.String()
}

func TestWhateverComesIsMadeLegalOnceAndDifferentNamesStayDifferent(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	names, keys, values, levels := map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	distinct := func(seen map[string]string, made, from string) {
		t.Helper()
		if other, taken := seen[made]; taken && other != from {
			t.Errorf("%q and %q both become %q", other, from, made)
		}
		seen[made] = from
	}
	clean := func(s string, least, most int) bool {
		return len(s) >= least && len(s) <= most && utf8.ValidString(s) && !strings.Contains(s, "|") && !strings.ContainsFunc(s, unicode.IsControl)
	}
	for range 5000 {
		s := illegal(rng)
		name, _ := LegalName(s)
		if again, ok := LegalName(name); again != name || !ok || !clean(name, 1, MaxNameLen) {
			t.Errorf("%q becomes %q, and that %q", s, name, again)
		}
		distinct(names, name, s)

		tag, _ := LegalTag(Tag{s, s})
		if again, ok := LegalTag(tag); again != tag || !ok || !clean(tag.Key, 1, MaxTagKeyLen) || !clean(tag.Value, 0, MaxTagValueLen) {
			t.Errorf("the tag %q becomes %q, and that %q", s, tag, again)
		}
		distinct(keys, tag.Key, s)
		distinct(values, tag.Value, s)

		if s != "" {
			level, _ := LegalLevel(s)
			if again, ok := LegalLevel(string(level)); again != level || !ok || !level.Valid() {
				t.Errorf("the level %q becomes %q, and that %q", s, level, again)
			}
			distinct(levels, string(level), s)
		}
	}
}

func TestIllegalLevelsAreReplacedAsDocumented(t *testing.T) {
	for in, want := range map[string]string{
		"info": "info", "": "info", "A-1_b.c": "A-1_b.c",
		"in fo":                 "in_fo-",
		"zsx":                   "_sx-",
		"größe":                 "gr____e-",
		"a|b|cc":                "a_b_cc-",
		strings.Repeat("l", 33): strings.Repeat("l", 23) + "-",
	} {
		got, ok := LegalLevel(in)
		if strings.HasSuffix(want, "-") {
			h := fnv.New32a()
			h.Write([]byte(in))
			want += fmt.Sprintf("%08x", h.Sum32())
		}
		if string(got) != want || ok != (in == want) {
			t.Errorf("%q becomes %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestTextIsCutAtACharacterAndCleaned(t *testing.T) {
	for _, test := range []struct {
		in   string
		max  int
		want string
	}{
		{"By", 63, "By"}, {"", 5, ""}, {"größe", 3, "gr"}, {"größe", 4, "grö"}, {"a\tb\xff", 9, "a_b_"}, {"a|b", 9, "a|b"}, {"完", 2, ""},
	} {
		got := LegalText(test.in, test.max)
		if got != test.want || LegalText(got, test.max) != got {
			t.Errorf("%q within %d is %q, want %q", test.in, test.max, got, test.want)
		}
	}
}
