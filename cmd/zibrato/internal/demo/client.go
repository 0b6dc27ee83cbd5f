package demo

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"github.com/zibrato/zibrato"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/search"
)

// What the load measures: the same requests as the services, seen from the other side.
var (
	roundTripTime = zibrato.NewTimerVec("load.round_trip", []string{"route"}, zibrato.WithHelp("one request to one service, answer read and unpacked"))
	decodeTime    = zibrato.NewTimer("load.decode", zibrato.AtLevel(zibrato.LevelDebug))
	mergeTime     = zibrato.NewTimer("load.merge", zibrato.AtLevel(zibrato.LevelDebug))
	received      = zibrato.NewCounter("load.received", zibrato.WithUnit("By"), zibrato.WithHelp("bytes of answers, unpacked"))
	found         = zibrato.NewDistribution("load.found", zibrato.WithHelp("documents that match a query, in all shards"))
)

// resultsWanted is how many results a query asks for.
const resultsWanted = 10

// A client searches a corpus whose parts several services hold. Any number of goroutines may use it.
type client struct {
	http     *http.Client
	services []string // their URLs
}

// newClient makes a client that keeps up to the given number of connections to each service.
func newClient(services []string, connections int) *client {
	return &client{
		services: services,
		http: &http.Client{Transport: &http.Transport{
			MaxConnsPerHost:     connections,
			MaxIdleConnsPerHost: connections,
			DisableCompression:  true, // done by get, where it is measured
		}},
	}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// errRefused is the service's answer to what is no query.
var errRefused = errors.New("refused")

// A place is a result and the service that has it.
type place struct {
	search.Result
	service string
}

// search asks all services at once and returns the best results of all. Their scores can be compared because the files
// went round the services in turn: each has the same mixture.
func (c *client) search(ctx context.Context, query string) (best []place, err error) {
	defer zibrato.TimeErr("load.query", &err)()
	var (
		wg      sync.WaitGroup
		answers = make([]answer, len(c.services))
		errs    = make([]error, len(c.services))
	)
	for i, service := range c.services {
		wg.Go(func() { answers[i], errs[i] = c.ask(ctx, service, query) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}

	defer mergeTime.Start().Stop()
	total := 0
	for i, a := range answers {
		total += a.Total
		for _, r := range a.Results {
			best = append(best, place{r, c.services[i]})
		}
	}
	found.Record(float64(total))
	slices.SortStableFunc(best, func(x, y place) int { return cmp.Compare(y.Score, x.Score) })
	return best[:min(len(best), resultsWanted)], nil
}

// ask searches one service.
func (c *client) ask(ctx context.Context, service, query string) (a answer, err error) {
	values := url.Values{"q": {query}, "n": {strconv.Itoa(resultsWanted)}}
	body, err := c.get(ctx, "search", service+"/search?"+values.Encode())
	if err != nil {
		return answer{}, err
	}
	defer decodeTime.Start().Stop()
	if err := json.Unmarshal(body, &a); err != nil {
		return answer{}, fmt.Errorf("answer to %q: %w", query, err)
	}
	return a, nil
}

// open fetches a result's whole file.
func (c *client) open(ctx context.Context, p place) ([]byte, error) {
	return c.get(ctx, "file", p.service+"/file?"+url.Values{"path": {p.Path}}.Encode())
}

// get fetches a URL and unpacks the answer.
func (c *client) get(ctx context.Context, route, url string) ([]byte, error) {
	defer roundTripTime.With(route).Start().Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var packed io.Reader = resp.Body
	if resp.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		packed = z
	}
	body, err := io.ReadAll(packed)
	received.Add(int64(len(body)))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read: %w", err)
	case resp.StatusCode == http.StatusBadRequest:
		return nil, errRefused
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: %s", route, resp.Status)
	}
	return body, nil
}
