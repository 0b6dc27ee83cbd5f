package search_test

import (
	"fmt"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/search"
)

func Example() {
	var b search.Builder
	b.Add("net/http/server.go", []byte("func ListenAndServe(addr string, handler Handler) error {"))
	b.Add("net/dial.go", []byte("func Listen(network, address string) (Listener, error) {"))
	ix := b.Index()

	results, total, err := ix.Search(`"listen and serve" handler`, 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(total, results[0].Path, results[0].Snippet.Line)
	// Output: 1 net/http/server.go 1
}
