// Package zslog counts the records of log/slog by level, and passes them on.
//
//	logger := slog.New(zslog.Handler(slog.NewJSONHandler(os.Stderr, nil), zslog.Config{}))
//
// # What it records
//
//	log.records         counter  records, with the tag level
//	log.records.failed  counter  records for which the wrapped handler returned an error, which package slog ignores; with the tag level
//
// The tag is one of six, whatever levels a program invents: debug, info, warn or error, the standard level at or next below that of the record (INFO+2 is info); trace for what is below
// DEBUG, and fatal from ERROR+4 on. Those are the ranges of OpenTelemetry's severities.
//
// # What it does not change
//
// The wrapped handler gets every record as it came, and decides by its Enabled which are made at all: those that it refuses cost what they cost without this package, and are not counted. A record
// that is handed over all the same, as by a handler that asks nobody, is counted and passed on. Attributes, groups, errors and panics pass through.
//
// Do not wrap slog.Default().Handler() as it is when a program starts and make that the default again: it writes to package log, which would then write to slog, and so on. Package slog's
// documentation says so of any handler.
//
// # What it costs
//
// An increment of a counter per record, and no allocation. While nobody watches the level: a branch. docs/integrations/README.md has figures.
package zslog
