//go:build cgo && linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"go.uber.org/goleak"
)

// part is what a process of the harness is.
type part interface {
	run(ctx context.Context, log *slog.Logger) error
}

// parts are the parts by the word that stands for them on the command line.
var parts = map[string]func() part{
	"publisher": func() part { return &publishing{} },
	"forwarder": func() part { return &forwarding{} },
	"backend":   func() part { return &receiving{} },
}

// child plays a part, as args say, until it is told to end.
func child(name, config string) error {
	p := parts[name]()
	if err := json.Unmarshal([]byte(config), p); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := p.run(ctx, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))); err != nil {
		return err
	}
	stop()
	return goleak.Find() // whatever a part started has ended with it
}

// keepStats writes statistics five times a second, until the function that it returns is called, which writes them once more.
func keepStats(path string, stats func() any) (end func()) {
	done := make(chan struct{})
	var writing sync.WaitGroup
	write := func() {
		if err := writeJSON(path, stats()); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	writing.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			write()
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		writing.Wait()
		write()
	}
}

// writeJSON replaces a file.
func writeJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	fresh := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	if err := os.WriteFile(fresh, b, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
