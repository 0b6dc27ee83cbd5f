// Package zprom is a bridge from Prometheus: it records through Zibrato what a prometheus.Gatherer knows, such as client_golang's default registry. Code that is
// instrumented with client_golang stays as it is, and its numbers go where all other measurements go.
//
//	b, err := zprom.Start(zprom.Config{})
//	if err != nil { … }
//	defer b.Close() // gathers a last time; before what consumes the recorder is closed
//
// A goroutine gathers every Config.Every while somebody watches the level. Nothing of it is on the path of instrumented code, whose cost stays that of client_golang.
//
// # What becomes of metrics
//
//	counter              counter
//	gauge, untyped       gauge
//	summary              timer if in seconds, else distribution: count and sum; quantiles as gauges, with _quantile at the end of the name and a tag quantile
//	histogram            timer if in seconds and without negative bounds, else distribution
//	gauge histogram      nothing
//
// Names stay as they are, but for counters: those lose _total, and with it _seconds where they count seconds, since they count nanoseconds here. Where two families of
// a kind would come to be called the same, the later one keeps its name whole. Zibrato's endpoint for Prometheus gives nearly all of them the names that they had. Labels become tags, empty
// ones none. Help stays. The unit is the last word of the family's unit, or of its name, where that is a base unit of Prometheus: seconds, bytes, ratio, celsius, kelvin, meters,
// grams, volts, amperes, joules, watts or hertz.
//
// # Counters
//
// They count by what they grew since the last gathering. What was there at the first one does not count; what appears later counts whole, unless its creation timestamp says that it
// is older, or the gathering before had failed or lacked room, so that it may have been missed. One that falls, or whose creation timestamp changes, began anew and counts whole. What grew while nobody watched the level is
// left out, so that no window shows the past as a burst. One that vanishes, and is back without having fallen, goes on where it was.
//
// The bridge from OpenTelemetry, package zotel, counts the first total whole, as OpenTelemetry's SDK does: a program makes its provider when it starts. A registry may be days older than this bridge.
//
// Counters of Zibrato are whole numbers. What those of Prometheus have of a fraction is carried to the next gathering: a total is right to less than 1, and to less than
// a nanosecond where it counts seconds, as far as Prometheus' own number is, a float64: past 2^53 that is no more than every second, fourth or eighth whole number.
//
// # Histograms and summaries
//
// Count and sum enter the totals exactly, of timers to the nanosecond, by zibrato.Timer.Merge. After an observation of NaN or infinity a sum is no number for ever, and is not recorded any more.
//
// Native histograms lose nothing: their buckets are Zibrato's, up to schema 5; finer ones are joined to that. What lies within the threshold of zero counts as zero. That a client
// joins buckets, or widens that of zero, does not count anything again; when it begins a histogram anew, what came between the last gathering and that is lost.
//
// The values of a classic bucket are spread evenly between its bounds, in up to 32 parts. That is what PromQL's histogram_quantile takes them to be, and quantiles come out as it has them: wherever a value
// truly lay, it is off by at most its bucket. The first bucket begins at 0, unless its bound is not above that. What is above all bounds lies at the last one. A histogram that has native buckets, too, is recorded by those.
//
// Samples cannot be made of any of these. Who subscribes to samples gets count and sum, and so do all of a summary: zibrato.samples.lost{where=merged} counts both.
//
// # Gauges
//
// They are set at each gathering; NaN and infinities are left out. One that is not gathered any more keeps its last value.
//
// # What goes wrong
//
//	prometheus.bridge.misuse  counter  what went wrong, by reason: error, slow, full, type, double
//	prometheus.bridge.gather  timer    gathering and recording once
//
// What a Gatherer returns beside an error is recorded. One that panics is taken to have returned an error. One that takes longer than Config.Timeout is left alone, on its
// goroutine, and not called again before it has returned. More than Config.MaxSeries series are left out, and so are metrics without
// the value that their type says, and a series that was in the same gathering before. Config.Logger hears of each kind at most once a minute.
//
// Families whose names begin with zibrato_ are left out: they come from an endpoint of Zibrato's own (package sink/prometheus), and are recorded already. That endpoint is not part of any
// registry, so feeding it to itself takes a Gatherer that scrapes it.
//
// # What it costs
//
// A gathering costs what it costs the registry, and recording what was gathered, on a goroutine of its own: docs/integrations/README.md has figures beside a scrape.
package zprom
