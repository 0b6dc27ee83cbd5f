package forwarder

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRefusalsAreAllCountedAndSeldomLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		r := &refusals{log: slog.New(slog.NewJSONHandler(&out, nil))}
		for range 1000 {
			r.add(RefusedLong, strings.Repeat("x", 1000)+"\n")
			r.add(RefusedMalformed, "\x00")
			r.add(RefusedUnheld, "")
		}
		time.Sleep(refusalLogInterval)
		r.add(RefusedLong, "y")
		r.raise(RefusedMultipart, 7, "")
		r.raise(RefusedMultipart, 7, "")

		type line struct {
			Reason, Topic string
			Count         int
		}
		var got []line
		for d := json.NewDecoder(&out); d.More(); {
			var l line
			if err := d.Decode(&l); err != nil {
				t.Fatal(err)
			}
			got = append(got, l)
		}
		want := []line{
			{"long", `"` + strings.Repeat("x", MaxTopicLen) + `"`, 1},
			{"malformed", `"\x00"`, 1},
			{"long", `"y"`, 1000},
			{"multipart", "", 7},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		var counts [Refusals]uint64
		for i := range counts {
			counts[i] = r.counts[i].Load()
		}
		if want := [Refusals]uint64{RefusedMultipart: 7, RefusedLong: 1001, RefusedMalformed: 1000, RefusedUnheld: 1000}; counts != want {
			t.Errorf("counts %v, want %v", counts, want)
		}
	})
}

func TestEveryRefusalHasAName(t *testing.T) {
	seen := map[string]bool{}
	for r := range Refusal(Refusals) {
		name := r.String()
		if name == "" || seen[name] {
			t.Errorf("refusal %d is called %q", r, name)
		}
		seen[name] = true
	}
	if got := Refusal(200).String(); got != "refusal(200)" {
		t.Errorf("an unknown refusal is called %q", got)
	}
}
