// Package otlp takes windows to whatever speaks OTLP, OpenTelemetry's protocol: a collector, Prometheus, or a service. It sends protobuf by
// HTTP.
//
// # What is sent
//
// Each window becomes one data point per series, at the time of the window's end.
//
//	                cumulative (the default)                     delta
//	counter         monotonic sum: the running total             monotonic sum: what it grew by
//	timer           exponential histogram of all since start     exponential histogram of the window, in seconds
//	distribution    the same                                     the same, in the series' unit
//	up-down         non-monotonic cumulative sum: its last value in the window, of all processes together
//	gauge           gauge: its last value in the window
//
// Names, units and descriptions go as they are; a timer's unit is s. A histogram goes with its scale, offsets, bucket of zeros, count, sum,
// minimum and maximum, nothing of it rounded; a quantile read out of it is within 1.1 % of the sample, and less exact only for values that are
// spread over more than forty powers of two. Of a cumulative histogram minimum and maximum are those since its start.
// Calls whose detail was lost are in count and sum, and in the bucket of their mean. Of gauges and up-down counters whose values were lost
// nothing is sent. Sums that ran over what a float64 holds are sent as the largest.
//
// The source becomes the resource attribute service.name, unless [Config].Resource sets one for all; the source is then the attribute source of the
// data points. Tags and the level are attributes of the data points; a tag of the user's own that is called level, or takes another name that is
// in use, gets an underscore at its end. With [Config].Apart, the tags that a backend adds to keep hosts or processes apart become host.name,
// process.pid and service.instance.id of the resource.
//
// # Totals
//
// A backend's windows say what happened in them; cumulative points say what happened since their start. So the sink adds up, from its own start
// on: after another start the totals begin at zero with a start time of that start, which is how OTLP tells a restart. A window that
// comes twice is added once. The start of a series is that of the window in which it first came. A series that is idle is sent again with each
// window for [Config].Repeat, as receivers expect it; its total is kept after that too, for as long as the sink lives. There are at most
// [Config].MaxSeries totals, beside those of the window at hand: of too many the ones that were idle for the longest time are forgotten, and begin
// anew if they come back. A total takes about 0.5 KiB and its histogram 1 to 20 KiB, as in backend.Config.MaxSeries.
//
// A kill between a window's arrival and the moment at which a backend with a directory has noted that makes the window come again, to a sink
// that does not know it: it counts twice then. Delta has that, too; a receiver could tell by the times, which are the same.
//
// # What the replies mean
//
//   - A reply of success may refuse some points: they are counted, with the receiver's message. A message without refusals is logged.
//   - 400 and 413 refuse a whole request for the sake of some points: it is halved until these are found, up to 64 times a window; what is
//     refused together then counts as refused together.
//   - 408, 425, 429 and 5xx are tried again, after Retry-After where the reply has it; so are network failures and timeouts. OTLP would have
//     500 be final; but Prometheus says it for what passes. Final are 501, 505, and the 500 with which Prometheus refuses delta.
//   - Any other status is final: the rest of the window counts as refused, and the error says what to check.
//
// A window that went in several requests, one of which failed, resumes there.
//
// The protocol: https://opentelemetry.io/docs/specs/otlp/. The data: https://opentelemetry.io/docs/specs/otel/metrics/data-model/.
package otlp
