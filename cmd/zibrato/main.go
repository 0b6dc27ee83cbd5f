//go:build cgo

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/sink/graphite"
	"github.com/zibrato/zibrato/sink/statsd"
)

// cli is the command line, as kong reads it.
type cli struct {
	Forward     forwardCmd     `cmd:"" help:"Connect instrumented programs with backends."`
	Librato     libratoCmd     `cmd:"" help:"Take measurements to Librato, or to what speaks its API."`
	OTLP        otlpCmd        `cmd:"" name:"otlp" help:"Send measurements by OpenTelemetry's protocol, to a collector, Prometheus or a service."`
	Prometheus  prometheusCmd  `cmd:"" help:"Let Prometheus scrape measurements."`
	Annotate    annotateCmd    `cmd:"" help:"Mark an event, such as a deploy, in what speaks Librato's API."`
	Statsd      statsdCmd      `cmd:"" help:"Take measurements to a StatsD server."`
	Graphite    graphiteCmd    `cmd:"" help:"Take measurements to Graphite, or to what takes its plaintext protocol."`
	Log         logCmd         `cmd:"" help:"Write measurements as lines of JSON."`
	Run         runCmd         `cmd:"" help:"Run a forwarder and sinks in one process, as a file says."`
	Check       checkCmd       `cmd:"" help:"Say what is wrong with such a file."`
	Tail        tailCmd        `cmd:"" help:"Show each sample as it arrives."`
	Send        sendCmd        `cmd:"" help:"Publish one measurement."`
	Time        timeCmd        `cmd:"" help:"Run a command and publish how long it took."`
	Keygen      keygenCmd      `cmd:"" help:"Make the keys with which a forwarder and its peers know one another."`
	Bench       benchCmd       `cmd:"" help:"Measure what all of this costs on this machine."`
	BenchChild  benchChildCmd  `cmd:"" hidden:"" help:"Be the program that bench measures, which starts this itself."`
	Demo        demoCmd        `cmd:"" help:"Show all of it at work."`
	DemoChild   demoChildCmd   `cmd:"" hidden:"" help:"Play a part in the demo, which starts this itself."`
	Health      healthCmd      `cmd:"" help:"Ask a command that runs how it is."`
	Completions completionsCmd `cmd:"" help:"Write a script with which a shell completes what is typed."`
	Complete    completeCmd    `cmd:"" hidden:"" help:"Say how the last word may go on; the scripts of completions call this."`
	Version     versionCmd     `cmd:"" help:"Say which version this is."`
}

const description = `Measures running programs and takes the measurements where people look at them.

Each flag is also an environment variable; the command line wins.

Exit status: 0 success, 1 failure, 2 wrong usage, 3 no forwarder to send to, 4 nobody subscribes to what would be sent.`

func main() { os.Exit(run(os.Args[1:])) }

// run does what the command line says and returns the exit status.
func run(args []string) int {
	forgetEmpty()
	parser := newParser(new(cli))
	if len(args) == 0 { // by somebody who does not know it yet
		parser.Stdout = os.Stderr
		parser.Exit = func(int) {}
		_, _ = parser.Parse([]string{"--help"})
		return statusUsage
	}
	args = asCommand(args)
	command, err := parser.Parse(negativeLast(args))
	if err != nil {
		return fail(commandName(parser, args), usageError{plainly(err)}, say)
	}
	name := strings.Fields(command.Command())[0]
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	report := say
	if o, ok := command.Selected().Target.Addr().Interface().(interface{ logger() (*slog.Logger, bool) }); ok {
		var json bool
		if log, json = o.logger(); json { // and nothing else
			report = func(line string) { log.Error(line) }
		}
	}
	return fail(name, command.Run(log), report)
}

// newParser returns what reads a command line into a struct.
func newParser(target any, options ...kong.Option) *kong.Kong {
	return kong.Must(target, append([]kong.Option{
		kong.Name("zibrato"),
		kong.Description(description),
		kong.DefaultEnvars("ZIBRATO"),
		kong.Vars{"librato_url": librato.DefaultURL, "statsd_addr": statsd.DefaultAddr, "graphite_addr": graphite.DefaultAddr},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	}, options...)...)
}

// asCommand understands what people try who do not know the program yet: help, help COMMAND, -help, COMMAND -help, --version, -version.
func asCommand(args []string) []string {
	switch args[0] {
	case "help", "-help":
		return append(slices.Clone(args[1:]), "--help")
	case "--version", "-version":
		return append([]string{"version"}, args[1:]...)
	}
	if len(args) == 2 && args[1] == "-help" {
		return []string{args[0], "--help"}
	}
	return args
}

// noValue is how kong says that a flag at the end of a command line lacks its value.
var noValue = regexp.MustCompile(`expected .*value but got "EOL" \(<EOL>\)`)

func plainly(err error) error {
	return inFlagTerms{err, noValue.ReplaceAllString(err.Error(), "the value is missing")}
}

// forgetEmpty unsets the empty variables of ours: files of variables for containers and units are full of them, and they mean the default.
func forgetEmpty() {
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if value == "" && (strings.HasPrefix(name, "ZIBRATO_") || strings.HasPrefix(name, "LIBRATO_")) {
			os.Unsetenv(name)
		}
	}
}

// commandName is the command whose line could not be parsed, or "" if it names none.
func commandName(parser *kong.Kong, args []string) string {
	for _, c := range parser.Model.Children {
		if len(args) > 0 && args[0] == c.Name {
			return c.Name
		}
	}
	return ""
}

// The exit statuses.
const (
	statusOK           = 0
	statusFailure      = 1
	statusUsage        = 2
	statusNoForwarder  = 3
	statusNoSubscriber = 4
)

// A usageError is the caller's mistake.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// A statusError ends the program with a status of its own, without a line if there is no error to report.
type statusError struct {
	status int
	err    error
}

func (e statusError) Error() string { return fmt.Sprint(e.err) }
func (e statusError) Unwrap() error { return e.err }

// fail reports the error of a command in one line and returns the exit status.
func fail(command string, err error, report func(line string)) int {
	if err == nil {
		return statusOK
	}
	status := statusFailure
	var own statusError
	if errors.As(err, &own) {
		if status = own.status; own.err == nil {
			return status
		}
	}
	hint := ""
	if errors.As(err, new(usageError)) {
		status = statusUsage
		hint = strings.TrimRight("; see zibrato "+command, " ") + " --help"
	}
	report(complaint(command, "%s%s", err, hint))
	return status
}

// complain writes one line to standard error.
func complain(command, format string, args ...any) { say(complaint(command, format, args...)) }

func say(line string) { fmt.Fprintln(os.Stderr, line) }

func complaint(command, format string, args ...any) string {
	line := strings.TrimRight("zibrato "+command, " ") + ": " + fmt.Sprintf(format, args...)
	return strings.ReplaceAll(line, "\n", "; ")
}

// flagTerms rewrites an error of a library, which names fields of its Config, in terms of flags.
func flagTerms(err error, pairs ...string) error {
	if err == nil {
		return nil
	}
	return inFlagTerms{err, strings.NewReplacer(pairs...).Replace(err.Error())}
}

type inFlagTerms struct {
	err  error
	text string
}

func (e inFlagTerms) Error() string { return e.text }
func (e inFlagTerms) Unwrap() error { return e.err }
