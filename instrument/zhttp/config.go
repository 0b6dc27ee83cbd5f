package zhttp

import (
	"net/http"
	"strings"

	"github.com/zibrato/zibrato"
)

// Config says what is measured. The zero Config records on the default recorder.
type Config struct {
	// Scope is where to record, with what level, source and tags. Nil: the default recorder at level info. Requests under way are only right on a level that
	// is always on.
	Scope *zibrato.Scope
	// Route returns the value of the tag route, called when a request is over. The values must be few: not paths, which clients choose. It is called
	// on the request's goroutine, with the request that the handler had; "" stands for "other". Nil: a server's requests have the ServeMux's pattern, a client's no
	// such tag.
	Route func(*http.Request) string
}

// other is what tags say of all that would have no bound.
const other = "other"

// instruments are those of a server or a client.
type instruments struct {
	begun    *zibrato.Timer // is started; another one is stopped
	active   *zibrato.UpDown
	duration *zibrato.TimerVec
	request  *zibrato.DistributionVec
	response *zibrato.DistributionVec
	route    func(*http.Request) string // nil: there is no such tag
}

func newInstruments(side string, c Config, route func(*http.Request) string) *instruments {
	z := c.Scope
	if z == nil {
		z = zibrato.With()
	}
	keys, none := []string{"method", "status"}, []string{other, other}
	if route != nil {
		keys, none = append(keys, "route"), append(none, other)
	}
	bytes := zibrato.WithUnit("By")
	i := &instruments{
		active:   z.NewUpDown(side+".active_requests", zibrato.WithUnit("{request}"), zibrato.WithHelp("Requests under way.")),
		duration: z.NewTimerVec(side+".request.duration", keys, zibrato.WithHelp("How long requests take.")),
		request:  z.NewDistributionVec(side+".request.body.size", keys, bytes, zibrato.WithHelp("Bytes of requests' bodies.")),
		response: z.NewDistributionVec(side+".response.body.size", keys, bytes, zibrato.WithHelp("Bytes of responses' bodies.")),
		route:    route,
	}
	i.begun = i.duration.With(none...)
	return i
}

// unknown is a size that is not recorded.
const unknown = -1

// record ends a request. That it is not under way any more is said last, when all else is known of it.
func (i *instruments) record(timing zibrato.Stopwatch, r *http.Request, status string, in, out int64) {
	defer i.active.Add(-1)
	method := methodOf(r.Method)
	if i.route == nil {
		timing.StopAs(i.duration.With(method, status))
		size(i.request.With(method, status), in)
		size(i.response.With(method, status), out)
		return
	}
	route := i.route(r)
	if route == "" {
		route = other
	}
	timing.StopAs(i.duration.With(method, status, route))
	size(i.request.With(method, status, route), in)
	size(i.response.With(method, status, route), out)
}

func size(d *zibrato.Distribution, n int64) {
	if n != unknown {
		d.Record(float64(n))
	}
}

// methodOf returns a constant, which keeps nothing of the request.
func methodOf(method string) string {
	switch method {
	case "", http.MethodGet: // a client's empty one is GET
		return http.MethodGet
	case http.MethodHead:
		return http.MethodHead
	case http.MethodPost:
		return http.MethodPost
	case http.MethodPut:
		return http.MethodPut
	case http.MethodPatch:
		return http.MethodPatch
	case http.MethodDelete:
		return http.MethodDelete
	case http.MethodConnect:
		return http.MethodConnect
	case http.MethodOptions:
		return http.MethodOptions
	case http.MethodTrace:
		return http.MethodTrace
	}
	return other
}

func classOf(status int) string {
	switch status / 100 {
	case 1:
		return "1xx"
	case 2:
		return "2xx"
	case 3:
		return "3xx"
	case 4:
		return "4xx"
	case 5:
		return "5xx"
	}
	return other
}

// patternOf returns the ServeMux's pattern without its method.
func patternOf(r *http.Request) string {
	method, path := "", r.Pattern
	if i := strings.IndexAny(path, " \t"); i >= 0 {
		method, path = path[:i], strings.TrimLeft(path[i:], " \t")
	}
	if r.Method == http.MethodConnect && method != http.MethodConnect {
		return "" // where it redirects a CONNECT, ServeMux puts in the path that the client sent
	}
	return path
}
