// Package statsd takes windows to StatsD servers: Etsy's, Datadog's agent, Telegraf, statsd_exporter and others that speak the
// protocol, over UDP, TCP or a Unix datagram socket.
//
// # What is sent
//
//	counter              name:5|c            what it grew by in the window, 0 too
//	gauge, updown        name:17|g           its last value; a negative one as 0 and the value, see below
//	timer                name:12.5|ms|@0.01  in milliseconds, several lines
//	distribution         name:512|ms|@0.01   the same in its own unit, or |d or |h, see Config.Distributions
//
// A counter's growth goes out once, without a sample rate, so that what a server adds up is what was counted, exactly.
//
// To a server a value with a sign is a change of a gauge. So a negative value follows a 0 in the same packet: nothing in
// between is seen by a server that reads packets whole, as Etsy's does.
//
// Timers and distributions are what the protocol calls timers: a server collects the values of its own flush interval and
// works out statistics from them. The sink sends it [Config].Values of them at most for each series and window, chosen so that the
// statistics come out:
//
//   - With up to Values calls in the window, each call is a line: the least and the greatest value exactly, the others as the
//     histogram has them (within 1.1 %).
//   - With more, each line stands for the same number m of calls, the slice of the sorted calls that is next, and carries their mean
//     and the sample rate 1/m. What does not divide evenly is one line at the mean of all. So a server that weighs values by their rate
//     (statsd_exporter, Telegraf, Datadog's agent) and one that does not (Etsy's) see the same mean, and the same
//     percentiles to within two Values-ths of the calls. The server's greatest value is the mean of the last slice then,
//     unless Tags is DogStatsD, where the least and the greatest value go as calls of their own.
//
// The rates add up to the count: Σ 1/rate is the exact number of calls, to within the server's arithmetic. The values are
// such that mean times count is the exact sum. What was lost of the single samples counts as calls at their mean.
//
// A series without calls in the window is not sent, except for a counter; a gauge of which no value came through is not sent.
// Unit, help and deviation are not sent; levels only as tags.
//
// # Names
//
// A name is [Config].Prefix and the series' name, in A-Z a-z 0-9 _ - and dots. Each other character becomes _, as does an
// empty word between dots; words are cut to 200 characters and names to 800. What had to change gets _ and eight hexadecimal digits of the
// original's FNV-1a hash, so that two names stay two.
//
// With Tags, source and level and the series' own tags go along in one of the forms that servers know. Keys take the
// characters of names, values also /; all else becomes _, with the hash.
//
// Without Tags they become part of the name, by [Config].Template: {source}.{name}.{tags} by default, where {tags} stands for
// every tag as key.value, a dot within a source, a tag's key or its value becomes _, and what is empty vanishes with its dot. A level is
// in the name only if the template says {level}.
//
// Two series of a window that would have one name and the same tags, or, with different tags, one name and different
// types, which servers do not take, do not: the first in the order of [metric.Series.Compare] keeps the name, the other gets _ and the hash of
// its whole identity, for as long as the sink lives. That is logged once.
//
// # What is refused
//
// A series whose line is longer than a packet (for TCP: than 4,000 bytes, at which statsd_exporter drops the connection), and,
// where distributions go as timers, one with negative values, which Etsy's server refuses. Both count as refused; the others arrive.
//
// # What is known of delivery
//
// UDP tells nobody what arrived. Datagrams are paced ([Config].Rate), since most losses are those of bursts that overrun a
// receiver's buffer. When nobody listens, the system says so after a datagram or two if it is on the same machine, and a
// moment later if not: the window is sent again, all of it, since a server that is gone has lost what it had not flushed. Word that comes
// only with the next window is logged.
//
// A Unix datagram socket loses nothing while its server lives. When that hangs, the window waits and then goes on where it was.
//
// TCP takes one connection for each window. The sink ends it and waits for the server to close its end, which says that it
// has read everything; Etsy's, statsd_exporter and Telegraf do that at once. When a server hangs, the window goes on where it was when
// the server does, for up to a minute. When the connection breaks off, the whole window goes again, and what was read of it
// counts twice, unless it was lost with the server.
//
// The protocol has no times: a window that had to wait counts for the interval in which it arrives.
package statsd
