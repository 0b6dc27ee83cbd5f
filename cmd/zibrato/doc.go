// Zibrato is the project's one program: the forwarder, the backends and the tools, as subcommands.
//
//	zibrato forward     connect instrumented programs with backends
//	zibrato librato     take measurements to Librato, or to what speaks its API
//	zibrato prometheus  let Prometheus scrape measurements
//	zibrato log         write measurements as lines of JSON
//	zibrato run         run a forwarder and sinks in one process, as a file says
//	zibrato check       say what is wrong with such a file
//	zibrato tail        show each sample as it arrives
//	zibrato send        publish one measurement
//	zibrato time        run a command and publish how long it took
//	zibrato keygen      make the keys with which a forwarder and its peers know one another
//	zibrato bench       measure what all of this costs on this machine
//	zibrato demo        show all of it at work
//	zibrato health      ask a command that runs how it is
//	zibrato completions write a script with which a shell completes what is typed
//	zibrato version     say which version this is
//
// "zibrato COMMAND --help" or "zibrato help COMMAND" describes the flags. Each flag is also an environment variable, ZIBRATO_ and the flag's name
// in capitals, with _ for -: --token-file is ZIBRATO_TOKEN_FILE in every command that has it. The command line wins.
//
// Exit status: 0 success, 1 failure, 2 wrong usage, 3 no forwarder to send to, 4 nobody subscribes to what would be
// sent. Errors are one line on standard error. SIGTERM and SIGINT write out what has arrived and end the program with
// status 0 within two seconds; a second signal ends it at once. "zibrato time" has the status of its command, and a
// "zibrato bench" that a signal cuts short 130 or 143, as a shell has it.
//
// The program needs cgo and libzmq 4.3.3 or newer.
package main
