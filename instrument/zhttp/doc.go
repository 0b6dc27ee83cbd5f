// Package zhttp measures servers and clients of net/http with Zibrato: how long requests take and how many there are, how many are under way,
// and how large what they send and get is.
//
//	mux := http.NewServeMux()
//	mux.HandleFunc("GET /items/{id}", show)
//	http.ListenAndServe("127.0.0.1:8080", zhttp.Handler(mux, zhttp.Config{}))
//
//	client := &http.Client{Transport: zhttp.Transport(nil, zhttp.Config{})}
//
// # What it records
//
//	http.server.request.duration     timer          http.client.request.duration
//	http.server.active_requests      up-down        http.client.active_requests
//	http.server.request.body.size    distribution   http.client.request.body.size, in bytes
//	http.server.response.body.size   distribution   http.client.response.body.size, in bytes
//
// These are the names of OpenTelemetry's semantic conventions. All but the requests under way have tags:
//
//   - method: one of the nine methods that package net/http names, or "other".
//   - route: the pattern of the http.ServeMux that served the request, without the method ("/items/{id}"), or what Config.Route says; "other" where
//     that is empty. Clients have this tag only with Config.Route. The pattern is that of the request which the measured handler got: where something between passes
//     a copy on to the ServeMux, as whoever calls http.Request.WithContext does, it is not known here. Measure the ServeMux itself then, inside.
//   - status: "1xx" to "5xx", or "other" for a status outside of that. For servers also "panic", when the handler panicked (http.ErrAbortHandler
//     included), and "hijacked", when it took the connection over, whatever came of it. For clients also "canceled", "timeout" and "error", when there was
//     no response or reading it failed: the first two where the request's context was cancelled or its time was up, http.Client.Timeout included, whatever the
//     error says.
//
// So the number of series is bounded by the program's routes, whatever a client sends.
//
// A server's request ends when its handler returns. A client's ends when the response's body was read to its end, failed or was closed, or
// when there is none. Sizes are those of bodies as they were read and written: of what a server's handler read, not of what a client announced; after
// a client's transport decompressed. Only a client's request whose length is known counts as that long, also where the server answered before it had all.
//
// # What it does not change
//
// The handler gets a ResponseWriter that implements http.Flusher (with FlushError), http.Hijacker, io.ReaderFrom, http.Pusher, io.StringWriter and
// http.CloseNotifier exactly if the server's does, and that http.ResponseController sees through. So files still go out by sendfile, and streams
// are flushed. A panic passes through untouched. The server's http.Request is never modified: one with a body reaches the handler as a shallow copy, as
// http.Request.WithContext would make; Pattern and what was parsed of a form come back to the original, path values do not. One thing is out of reach of every
// wrapper: an http.MaxBytesReader that is given a wrapped writer ends the body as ever, but cannot tell the server to close the connection early.
//
// A client's request is not modified either. Only one whose body is of unknown length is copied, so that its body can be counted; files of known length still go out by
// sendfile. The response's body implements io.WriterTo if the transport's does, for an allocation more.
//
// # What it costs
//
// One allocation per request on a server, two when it has a body; one per request on a client, three when the length of the body is unknown. Nothing
// while nobody watches the level. docs/integrations/README.md has figures beside other packages.
package zhttp
