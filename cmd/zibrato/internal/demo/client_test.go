package demo

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/search"
)

func shardWith(t *testing.T, files map[string]string) string {
	t.Helper()
	var b search.Builder
	for path, text := range files {
		b.Add(path, []byte(text))
	}
	s := httptest.NewServer((&server{index: b.Index()}).handler())
	t.Cleanup(s.Close)
	return s.URL
}

func TestClientMergesTheShardsBestFirst(t *testing.T) {
	one := shardWith(t, map[string]string{"a.go": "word x x x", "b.go": "word word word x"})
	two := shardWith(t, map[string]string{"c.go": "word word x x", "d.go": "other"})
	c := newClient([]string{one, two}, 2)
	defer c.close()

	best, err := c.search(context.Background(), "word")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, p := range best {
		paths = append(paths, p.Path)
	}
	slices.Sort(paths)
	if got := strings.Join(paths, " "); got != "a.go b.go c.go" {
		t.Errorf("found %s", got)
	}
	if !slices.IsSortedFunc(best, func(x, y place) int {
		if x.Score >= y.Score {
			return -1
		}
		return 1
	}) {
		t.Errorf("not the best first: %+v", best)
	}
	for _, p := range best {
		text, err := c.open(context.Background(), p)
		if err != nil || !strings.Contains(string(text), "word") {
			t.Errorf("open(%s): %q, %v", p.Path, text, err)
		}
	}
}

func TestClientTellsARefusalFromAFailure(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer broken.Close()
	c := newClient([]string{shardWith(t, nil)}, 1)
	defer c.close()
	if _, err := c.search(context.Background(), "!="); !errors.Is(err, errRefused) {
		t.Errorf("no words: %v, want errRefused", err)
	}
	c.services = []string{broken.URL}
	if _, err := c.search(context.Background(), "word"); err == nil || errors.Is(err, errRefused) || !strings.Contains(err.Error(), "500") {
		t.Errorf("broken service: %v, want its status", err)
	}
}
