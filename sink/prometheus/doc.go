// Package prometheus lets Prometheus, and whatever else speaks its protocol, scrape what a backend learned.
//
// The [Sink] adds each window to running totals and serves them as an [http.Handler]: text 0.0.4, OpenMetrics 1.0, or delimited
// protobuf with native histograms, whichever the client asks for. A scrape sees whole windows only.
//
// # What is shown
//
//	counter         counter    what it grew by since the sink was made, exactly
//	updown          gauge      the last value, summed over all processes
//	gauge           gauge      the last value
//	timer           histogram  in seconds; count and sum exact
//	distribution    histogram  count and sum exact
//
// Histograms have buckets of fixed bounds in every form, see [Config].Bounds, and in protobuf the native ones, which are those that Zibrato
// keeps: schema 5, coarser only where values are spread over more than 40 powers of two. Buckets of fixed bounds are made
// from the native ones, by their middles: a value within 1.1 % of a bound may count on either side of it. Calls whose samples
// were lost on the way count in the bucket of their mean, so that buckets always add up to the count. The sum of a
// distribution with negative values can fall, which Prometheus takes for a restart.
//
// A gauge or an up-down counter of which only the number of calls came through is left as it was, or out if it was not there.
//
// # Names
//
// A name keeps its letters and digits. Runs of anything else become one underscore; leading and trailing ones go. Where more was
// replaced than underscores, dots, dashes, slashes, colons and spaces, an underscore and eight hexadecimal digits of the original's FNV-1a hash
// follow, so that two names stay two; one without letters and digits becomes unnamed and the hash. A name that begins
// with a digit gets an underscore before it.
//
// Then come the unit and, for a counter, _total, each unless the name ends so already: db.query becomes db_query_seconds, a counter
// net.sent of unit By net_sent_bytes_total. Values are in base units: of what is measured in milliseconds or KiB seconds and bytes are shown.
// Native buckets of such a distribution move by the nearest whole number of buckets, which for decimal factors adds up to 1.1 % to the error.
// Units in braces are not shown; of a gauge without dimension (unit 1) the name ends in _ratio.
//
// Where two names would become one, or one that another shows already (a timer q has q_seconds_count, so no gauge q.seconds.count can),
// the one that came first keeps it, in a window the first in the order of [metric.Series.Compare]; the other gets an underscore and the
// hash of its kind, name and unit before the unit. So do a gauge and a counter of one name, which are one to OpenMetrics. It is logged once.
//
// HELP is the text that the program gave, from the first series of the name that has any, or the kind and the name as the program knows it.
//
// # Labels
//
// Tags become labels, by the same rule, beside source and level; see [Config] for other names of these two, or to leave them out.
// A tag that is called as one of these, le, quantile or series_id, gets tag_ before its name; where two keys would be one, the later in the order of
// tags gets the hash. An empty value is no label. Two series of one name that would have the same labels all the same stay two: the later one gets the
// label series_id, the hash of all that it is.
//
// # Coming and going
//
// Totals begin at zero when the sink is made: Prometheus takes that for the restart that it is. When a series came to be there is told as _created, or
// in protobuf as its created timestamp: the start of the first window that had it.
//
// Series that are stale are no longer shown, see [Config].Expire, but their totals are kept for a day, or until the room is needed: one that comes back goes on where it was.
//
// # About itself
//
// The sink shows zibrato_exporter_windows_total, zibrato_exporter_series, zibrato_exporter_series_refused_total and zibrato_exporter_window_start_timestamp_seconds,
// which says how fresh everything else is.
package prometheus
