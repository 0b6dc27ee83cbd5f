package bench

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The two versions of a workload must do the same, or comparing them says nothing.

func TestTheTimedWorkloadsDoTheSameWork(t *testing.T) {
	if bare, timed := encodeOrder(copyOrder(&testOrder)), timedEncodeOrder(timedCopyOrder(&testOrder)); !bytes.Equal(bare, timed) || len(bare) < 100 {
		t.Errorf("json: %s and %s", bare, timed)
	}
	root := newTree(5000)
	for _, key := range []uint64{0, 1, 63, 64, 4095, 4096, 4999} {
		want := key * 0x9E3779B97F4A7C15
		if bare, timed, read := lookup(root, key), timedLookup(root, key), readLookup(root, key); bare != want || timed != want || read != want {
			t.Errorf("tree: key %d has %d, %d and %d, want %d", key, bare, timed, read, want)
		}
	}
	stock := map[int]string{3: "net", 4: "rope"}
	var pages [2]string
	for i, serve := range []func(http.ResponseWriter, *http.Request, map[int]string){serveStock, timedServeStock} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/stock/1?from=3&count=2", nil)
		r.SetPathValue("shelf", "1")
		serve(w, r, stock)
		pages[i] = w.Body.String()
	}
	if want := "<h1>Shelf 1</h1><ul><li>net<li>rope</ul>"; pages != [2]string{want, want} {
		t.Errorf("handler: %q, want %q", pages, want)
	}
}
