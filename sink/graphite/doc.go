// Package graphite takes windows to Graphite: to carbon and whatever takes its plaintext protocol over TCP (go-carbon,
// carbon-c-relay, VictoriaMetrics, InfluxDB, Telegraf), on request encrypted and with tags.
//
// # What is sent
//
// A line is a path, a value and a time in whole seconds, the window's start:
//
//	orders.db.query.p99 0.0132 1772366390
//
// The last word of a path says what of a series the value is:
//
//	counter              count (what it grew by), rate (of that, per second)
//	timer, distribution  count, rate (of calls), sum, mean, min, max, stddev, p50, p90, p95, p99
//	gauge, updown        last, mean, min, max
//
// [Config].Stats chooses among these, and other percentiles; p99.9 is the word p999. Values are in the series' units, a
// timer's in seconds. Count and sum are exact, with all their digits; the deviation is the population's; percentiles are
// within 1.1 %. The rate is over the window's own length: a first or last window may be shorter than the interval.
//
// What is not known is not sent: min, max, deviation and percentiles of a series whose samples were lost on the way, all of a gauge
// without values in the window. NaN and infinities never are. A timer or distribution without calls in the window is not
// sent; a counter that did not grow is, as 0.
//
// Words end as Graphite's own rules for rolling up like it: .count and .sum add up, .min and .max keep the least and the
// greatest, all else is averaged, by the storage-aggregation.conf that carbon comes with.
//
// # Names
//
// Without tags a path is [Config].Prefix, then [Config].Template, by default {source}.{name}.{tags}, then what the value is. {tags} stands for
// every tag as key.value, a dot within a source, a tag's key or its value becomes _, and what is empty vanishes with its
// dot. A level is in the path only if the template says {level}.
//
// Names, and words of them, are of A-Z a-z 0-9 _ -. Each other character becomes _, as does an empty word between dots; words are cut to
// 200 characters, as a file's name has room for, and names to 800. What had to change gets _ and eight hexadecimal digits of the
// original's FNV-1a hash, so that two names stay two.
//
// With tags (Graphite 1.1) a path is prefix, name and what the value is, then source, level and the series' own tags:
//
//	db.query.p99;source=orders;level=info;table=users 0.0132 1772366390
//
// Keys are made legal as names are; so are values, which take every visible character but space and ; and no ~ in front. Tags without a value are
// left out, and a tag of the user's own that is called source, level or name is marked.
//
// Two series of a window that would have one path do not: the first in the order of [metric.Series.Compare] keeps the
// name, the other gets _ and the hash of its whole identity, for as long as the sink lives. That is logged once. A counter and a gauge of one
// name count as two of one path, though their last words differ.
//
// # Delivery
//
// Each window takes one connection. The sink sends the window, says that it has nothing more to send, and waits for the
// server to close its end in turn, which says that it has read everything: carbon and the others do that at once. Without it
// the window is sent again, all of it, on a new connection, and comes to the same: same path, time and value overwrite. A
// server that goes on holding its end open is for [Config].Unconfirmed.
//
// A line that carbon cannot read it drops in silence, as it does with what is out of its archives; this sink writes none
// that it cannot read.
//
// Retention in Graphite should be as fine as the backend's interval: of windows that fall into one slot of an archive the
// last wins. After a restart the first window may share a slot with the last one before.
package graphite
