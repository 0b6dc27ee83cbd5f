// Package metric is Zibrato's vocabulary: what instruments, recorders, publishers, backends and sinks say to one another.
//
// It holds no state and starts nothing. The types follow a measurement on its way:
//
//	Record   one call of an instrument, 16 bytes in a ring of the instrumented process
//	Batch    what one drain hands on for one level: samples or summaries, and the running totals of the series in them
//	Summary  what some samples of one series did: count, sum, min, max, last, deviation, histogram; an Accumulator makes it
//	Window   what a backend learned in one flush interval: an Aggregate for each series; it goes to the sinks
//
// A [Series] is one (kind, name, level, source, tags). Its [Kind] says what its values mean: timers, counters and
// up-down counters count in 64-bit integers (a timer in nanoseconds), gauges and distributions in float64. On the way a
// value is one 64-bit word, [Value]; Kind.InUnits makes it the number that people want to see, in seconds for a timer.
//
// Two codecs put batches on the wire. [AppendBatch] and [DecodeBatch] speak the binary form, topics "zsmp1|<level>|" for
// samples and "zsum1|<level>|" for summaries, which docs/wire.md describes byte by byte. [AppendText] and [DecodeText] speak the text form of Zibrato 0.2,
// "level|Type|name|value|timestamp|source". Decoders accept bytes from strangers: they return a [DecodeError] with a
// [Reason] that can be counted, and never panic or allocate more than a small multiple of the frame.
package metric
