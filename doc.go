// Package zibrato measures running Go code without disturbing it.
//
// A call such as
//
//	defer zibrato.Time("db.query")()
//
// writes one fixed-size record into a lock-free ring and returns. A background goroutine drains the ring. Who receives what it
// drains is for main to say: a publisher (package publisher) sends it through ZeroMQ to a forwarder and on to any number of
// backends; a backend in the same process (backend.InProcess) needs neither. While nothing is started, a call costs a branch.
//
// # Instruments
//
//	Timer         durations of blocks of code      Time, Do, DoErr, TimeErr, Observe · NewTimer
//	Counter       what only grows                  Count, Inc                        · NewCounter
//	UpDown        what goes up and down            NewUpDown
//	Gauge         a value that is set, or asked    Set                               · NewGauge, NewGaugeFunc
//	Distribution  values whose spread matters      Record                            · NewDistribution
//
// The functions of the package take a name and find the instrument by it. An instrument that a package variable holds is the
// fastest way. A Vec holds the instruments that differ by the values of some tags, and finds one without allocating.
//
// What a timer reports is corrected by what an empty block reads; what Observe is given is not.
//
// Every measurement has a level, a source and tags. A [Scope], made by [With], has the same functions at another level,
// from another source or with more tags. Levels are what subscribers choose by: a level that nobody watches is not measured.
//
// # What a name may be
//
// UTF-8 of 1 to 255 bytes without control characters and '|'. Any other is made legal, see metric.LegalName, and the series
// zibrato.misuse counts it. Nothing that instrumented code passes makes a call panic, block or return an error. Names
// that begin with "zibrato." are what a recorder tells about itself; those of a program should begin otherwise, or the two mix.
//
// # Limits
//
// A recorder holds up to Config.MaxSeries series. Past that, calls count on one series of each kind, "zibrato.overflow". A
// ring that is full loses the single samples, not their count and sum; zibrato.samples.lost counts them.
//
// # What it tells about itself
//
// At level info a recorder publishes, under names that begin with "zibrato.", how many samples it recorded and lost, what its drain
// and its publisher took, where its clock ticks, and an estimate of the CPU time that all of it took. README.md lists them.
//
// # Concurrency
//
// All functions and methods may be called from any goroutine at any time: before main starts something, after it closed it, and on nil
// and zero instruments and scopes, which do nothing. Instruments, scopes and recorders are not to be copied: a copy does not hear that
// its level goes on or off.
package zibrato
