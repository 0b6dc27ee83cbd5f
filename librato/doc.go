// Package librato takes windows to Librato, or to anything else that speaks its HTTP API.
//
// Librato's own service is retired and AppOptics, its successor at another address, with it. The API lives on in
// whatever speaks it, so the sink takes a URL. Two forms of the API are spoken: the tagged one, POST /v1/measurements,
// and, on request, the older source-based one, POST /v1/metrics.
//
// # What is sent
//
// Times are the window's start in whole seconds; of windows that begin in the same second the service keeps the last, so
// the backend's interval should be whole seconds. Units are the series' own, seconds for timers. Nothing is left out for
// being zero.
//
//	                tagged                                  source-based (all of them gauges)
//	counter         value: what it grew by                  value: what it grew by
//	timer           count, sum, min, max, last, stddev      count, sum, min, max, sum_squares
//	distribution    the same                                the same
//	gauge, updown   the same, of its values in the window   the same
//
// A counter goes as a gauge to the source-based API because a counter is a running total there. Count and sum of timers and
// distributions are the exact totals; min, max, last and the deviation are those of the samples that arrived, alone or in summaries, of
// which some may have been lost. Where none arrived, count and sum go alone. A series without calls or values in the window is not
// sent, except for a counter, whose value is then 0. sum_squares is what gives that deviation with the exact
// count and sum. A percentile of [Config].Percentiles is a measurement of its own, name.p99. Unit and, for counters,
// summarize_function go along as attributes, which the tagged service heeds when a metric is new to it.
//
// The service refuses numbers above 1e126 and takes those below 1e-130 for 0. Of a series whose value, or sum, cannot be
// sent nothing is sent, and it counts as refused; any other statistic that cannot is left out.
//
// # Names
//
// A tagged measurement carries the series' tags and the tags source and level. The source-based API knows no tags: there
// the tags follow the source, as in orders.region:eu, and the level is not sent.
//
// What the API allows goes as it is: names of 1 to 255 of A-Z a-z 0-9 . : - _, tag keys of 1 to 64 of the same, tag
// values of 1 to 255 of the same and space ? / \. In anything else each other character becomes _, what is too long is
// cut, and _ and eight hexadecimal digits of the original's FNV-1a hash follow, so that two names stay two. So do tags of
// the user's own that are called source or level, and the source all, which the source-based API reserves. What is empty
// becomes "unnamed" and the hash; a tag with an empty value is not sent. Tags past the fiftieth are not sent either.
//
// The service knows no case: Foo and foo are one metric. Nor does it know kinds: a timer and a counter of one name and
// the same tags are one to it, and the later would overwrite the earlier. Where two measurements of a window would be
// one, the first of them in the order of [metric.Series.Compare] keeps its name and the others get _ and the hash of their series' whole
// identity. The sink remembers that for as long as it lives, and logs it once.
//
// # What the replies mean
//
//   - A reply of success may still refuse some measurements: they are counted, with the server's message.
//   - 400, 413 and 422 refuse a whole batch for the sake of one measurement: the batch is halved until that one is found.
//     One costs 2·log2 of the batch in requests; one try at a window may cost 128 halvings, and what is refused together after that
//     counts as refused together.
//   - 429, and 403 that speaks of a rate limit, are waited out: as long as Retry-After says, else until the reset that the X-Librato-RateLimit
//     headers announce, else as long as the backend likes.
//   - 5xx, 408, timeouts and network failures are tried again, with the same times, names and tags.
//   - Any other status means that something is set up wrongly. The error says what to check; a minute later it is tried again.
//
// A window that went in several requests, one of which failed, resumes there. A window that began more than 110 minutes
// ago is refused here, since the service refuses it at about 120.
//
// The API is described at https://github.com/librato/api-docs.
package librato
