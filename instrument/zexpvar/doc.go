// Package zexpvar records the variables that package expvar publishes.
//
//	r, err := zexpvar.Start(zexpvar.Config{
//		Counter: func(name string) bool { return strings.HasSuffix(name, "_total") },
//	})
//	if err != nil { … }
//	defer r.Close()
//
// A goroutine reads them once per interval. Nothing of it is on the path of the code that counts. While nobody watches the scope's level nothing is read.
//
// # What becomes of variables
//
// An Int or a Float is a series of its name. A Map is a series for each of its keys: its name, a dot and the key, or with Config.Tag its name and a tag. Any other variable, such as a Func, is read as the
// JSON that it gives: a number is a series, an object is taken as a Map is, whatever it holds at most 8 objects deep. Strings, lists, truth values and null are left out, and so
// are memstats and cmdline, unless Config.Select says otherwise: package zruntime records the runtime without stopping the program, as memstats does.
//
// Package expvar does not say which numbers only grow, so Config.Counter does, by the name of the series. All others are gauges, of which NaN and infinities are left out.
//
// A counter counts by what it grew since the last reading. What was there at the first one does not count, nor what grew while nobody watched; what appears later counts whole,
// unless its variable had panicked before. One that fell began anew, and counts whole. One that vanishes, and is back without having fallen, goes on where it was. Those of whole numbers are exact; of a Float the whole part counts, so that a total is right to less than 1 for each time that it began.
//
//	expvar.misuse  counter  what went wrong, by reason: panic (of a variable or a Map's value), slow (a reading took longer than the interval), full (more than Config.MaxSeries),
//	                        double (another number of the same reading has that name)
//	expvar.read    timer    readings
//
// A reading that takes longer than the interval is left alone, on its goroutine; what it brings is dropped, and there is none before it returned.
package zexpvar
