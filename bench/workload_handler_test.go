package bench

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"github.com/zibrato/zibrato"
)

// handlerWorkload serves requests through a mux, without a network: parse a query, look something up, render HTML.
func handlerWorkload() workload {
	stock := map[int]string{}
	for i := range 10_000 {
		stock[i] = "article " + strconv.Itoa(i)
	}
	bare, timed := http.NewServeMux(), http.NewServeMux()
	bare.HandleFunc("GET /stock/{shelf}", func(w http.ResponseWriter, r *http.Request) { serveStock(w, r, stock) })
	timed.HandleFunc("GET /stock/{shelf}", func(w http.ResponseWriter, r *http.Request) { timedServeStock(w, r, stock) })
	requests := func(mux *http.ServeMux) func(n int) {
		return func(n int) {
			r := httptest.NewRequest("GET", "/stock/17?from=120&count=8", nil)
			for range n {
				mux.ServeHTTP(httptest.NewRecorder(), r)
			}
		}
	}
	return workload{name: "handler", bare: requests(bare), timed: requests(timed)}
}

func serveStock(w http.ResponseWriter, r *http.Request, stock map[int]string) {
	from, count := parseRange(r)
	w.Write([]byte(renderStock(r.PathValue("shelf"), findStock(stock, from, count))))
}

//go:noinline
func parseRange(r *http.Request) (from, count int) {
	q := r.URL.Query()
	from, _ = strconv.Atoi(q.Get("from"))
	count, _ = strconv.Atoi(q.Get("count"))
	return from, count
}

//go:noinline
func findStock(stock map[int]string, from, count int) []string {
	found := make([]string, 0, count)
	for i := range count {
		found = append(found, stock[from+i])
	}
	return found
}

//go:noinline
func renderStock(shelf string, found []string) string {
	var page strings.Builder
	page.WriteString("<h1>Shelf " + shelf + "</h1><ul>")
	for _, f := range found {
		page.WriteString("<li>" + f)
	}
	page.WriteString("</ul>")
	return page.String()
}

func timedServeStock(w http.ResponseWriter, r *http.Request, stock map[int]string) {
	defer zibrato.Time("stock.serve")()
	from, count := timedParseRange(r)
	w.Write([]byte(timedRenderStock(r.PathValue("shelf"), timedFindStock(stock, from, count))))
}

func timedParseRange(r *http.Request) (from, count int) {
	defer zibrato.Time("stock.parse")()
	q := r.URL.Query()
	from, _ = strconv.Atoi(q.Get("from"))
	count, _ = strconv.Atoi(q.Get("count"))
	return from, count
}

func timedFindStock(stock map[int]string, from, count int) []string {
	defer zibrato.Time("stock.find")()
	found := make([]string, 0, count)
	for i := range count {
		found = append(found, stock[from+i])
	}
	return found
}

func timedRenderStock(shelf string, found []string) string {
	defer zibrato.Time("stock.render")()
	var page strings.Builder
	page.WriteString("<h1>Shelf " + shelf + "</h1><ul>")
	for _, f := range found {
		page.WriteString("<li>" + f)
	}
	page.WriteString("</ul>")
	return page.String()
}
