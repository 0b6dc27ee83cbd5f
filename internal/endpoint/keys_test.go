package endpoint

import (
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/keys"
)

func TestCheckKeysNamesWhatIsMissing(t *testing.T) {
	key, err := keys.Generate()
	if err != nil {
		t.Fatal(err)
	}
	none, public := keys.Public{}, key.Public()
	for _, test := range []struct {
		key          keys.Pair
		server, next keys.Public
		want         string
	}{
		{keys.Pair{}, none, none, ""}, {key, public, none, ""}, {key, public, public, ""},
		{key, none, none, "Config.ServerKey"}, {keys.Pair{}, public, none, "Config.Key"}, {key, none, public, "Config.ServerKey"}, {keys.Pair{}, none, public, "Config.ServerKey"},
	} {
		err := CheckKeys(test.key, test.server, test.next)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%v: want an error about %q", err, test.want)
		}
	}
}

func TestServerKeysTakeTurnsSeldom(t *testing.T) {
	a, b := keys.Public{1}, keys.Public{2}
	now := time.Unix(100, 0)
	s := ServerKeys{Now: a, Next: b}
	for _, step := range []struct {
		after time.Duration
		count uint64
		turns bool
	}{
		{0, 0, false}, {0, 1, true}, {turnEvery, 1, false}, {turnEvery - 1, 2, false}, {turnEvery, 2, true}, {turnEvery + 1, 3, false}, {2 * turnEvery, 9, true},
	} {
		before := s
		turned := s.Turn(step.count, now.Add(step.after))
		if turned != step.turns {
			t.Fatalf("after %v and %d failures: %v", step.after, step.count, turned)
		}
		if want := (ServerKeys{Now: before.Next, Next: before.Now}); turned && (s.Now != want.Now || s.Next != want.Next) {
			t.Errorf("%v became %v", before, s)
		}
	}
	alone := ServerKeys{Now: a}
	if alone.Turn(1, now) || alone.Now != a {
		t.Error("one key takes turns with none")
	}
}
