// Package zotel is a bridge from OpenTelemetry: a metric.MeterProvider whose instruments record through Zibrato. Libraries that are instrumented with
// OpenTelemetry stay as they are, and their numbers go where all other measurements go.
//
//	provider, err := zotel.Start(zotel.Config{})
//	if err != nil { … }
//	defer provider.Shutdown(ctx) // before what consumes the recorder is closed
//	otel.SetMeterProvider(provider)
//
// # What becomes of instruments
//
//	Counter, ObservableCounter              counter
//	UpDownCounter, ObservableUpDownCounter  up-down counter
//	Histogram of unit s, ms, us or ns       timer
//	any other Histogram                     distribution
//	Gauge, ObservableGauge                  gauge
//
// Series have the instrument's name, unit and description, and the attributes as tags, with values that are not strings in the form that OpenTelemetry gives for
// what knows strings only. The name of the meter is the tag otel.scope.name, its attributes are tags that begin with otel.scope., unless
// Config.WithoutScopes says otherwise; its version and schema are left out, so that an upgrade makes no new series.
//
// Counters and up-down counters of Zibrato are whole numbers. Those of time (s, ms, us) count nanoseconds, so that nothing is lost worth mentioning. What others of
// float64 have beyond whole numbers is carried on beside each series: its total is right to less than 1, however many fractions were added, and
// smaller than what was added. Whoever counts in small fractions of another unit should choose a smaller unit.
//
// Boundaries of buckets, which an instrument may advise, are ignored: histograms are exponential, see package metric. So are views, exemplars and the context of a call.
//
// # Attributes
//
// Each instrument tells as many sets of attributes apart as Config.MaxSets says. What comes later lands on one series whose only attribute is
// otel.metric.overflow=true. Sets are told apart by their 64-bit hash, as OpenTelemetry's SDK does. A series has at most 32 tags, keys of up to 64 and values of up to 255 bytes, see zibrato.Tag.
//
// # Callbacks
//
// They are called every Config.Every while somebody watches the level, one after the other, never two at once, on goroutines of the bridge. One that takes longer than that interval
// is left alone, what it observes afterwards is ignored, and it is not called again before it returned; the others are. One that panics or returns an error keeps what it
// observed before.
//
// A total that is observed counts by what it grew since the last time; the first counts whole, as OpenTelemetry's SDK has it, since a program makes
// its provider when it starts. (Packages zprom, zexpvar and zruntime may come to totals that are days old, and count from where they find them.) One that fell began
// anew, and counts whole. What grew while nobody watched is left out. An up-down counter whose attributes are not observed any more becomes 0, a gauge keeps its last value.
//
// # Rules of OpenTelemetry
//
// The same name, kind, unit and description, asked for again, give the same instrument, and callbacks that come with it are not taken: that is what OpenTelemetry's own SDK does. Case makes
// no other name: the first one's is kept. An instrument whose name exists with another kind, unit or description works, and is complained about once. What would add up
// different units on one series has the tag otel.unit. A name that OpenTelemetry does not allow gives an error, and an instrument that works.
//
// After Shutdown, and on a nil Provider, everything does nothing. Enabled reports whether somebody watches. Options that are nil are left out. NaN, infinities,
// negative additions to counters and negative times are ignored.
//
// # What it says about itself
//
//	otel.bridge.misuse  counter  what went wrong, by reason: duplicate, not_finite, unregistered, error, panic, slow
//	otel.bridge.pass    timer    calling all callbacks once
//
// # What it costs
//
// While nobody watches the level: two loads. Otherwise no allocation for attributes that were seen before. But the API allocates before it calls any
// implementation: one for the slice of options, unless the caller has one; one for the option, unless the caller has that; and two more for attributes that are
// no attribute.Set yet. So four for metric.WithAttributes, and none for options... of a slice that is made once. docs/integrations/README.md has figures beside OpenTelemetry's SDK.
package zotel
