//go:build cgo

// Command hostile attacks a forwarder in every way that package attack knows, each for some seconds, and prints what that did to it: the table of docs/reliability.md.
//
//	go run ./forwarder/internal/hostile [-for 5s] [-only name,...]
//
// The column of what was closed counts connections by the reason of forwarder.Refusal, and, as crowded, messages for which there was no room.
// Forwarder, attackers and an instrumented process are processes of their own. Meanwhile an honest publisher sends a message to an
// honest subscriber every 5 ms, and every 250 ms a fresh pair of them arrives.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 && roles[os.Args[1]] != nil {
		if err := roles[os.Args[1]](os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, os.Args[1]+":", err)
			os.Exit(1)
		}
		return
	}
	length := flag.Duration("for", 5*time.Second, "how long each attack lasts")
	only := flag.String("only", "", "the `names` of the attacks to run, by commas; all if empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("| attack | forwarder's memory over idle, MiB | its CPU, cores | instrumented process's memory over idle, MiB | honest messages: lost of sent | delay: median, worst | fresh pair served: median, worst | closed, by reason | alive |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---|---|")
	failed := false
	for _, a := range attacks {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), a.name) {
			continue
		}
		line, err := run(ctx, a, *length)
		if err != nil {
			line, failed = "| "+a.name+" | "+err.Error()+" |", true
		}
		fmt.Println(line)
		if ctx.Err() != nil {
			break
		}
	}
	if failed {
		os.Exit(1)
	}
}
