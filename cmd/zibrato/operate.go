//go:build cgo

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/admin"
)

// operating are the flags of every command that runs until it is told to end.
type operating struct {
	Admin       adminAddr `placeholder:"HOST:PORT" help:"Answer there over HTTP: /healthz, /readyz, and /metrics about this program itself. By default nowhere."`
	AdminRemote bool      `help:"Let --admin be an address that other machines can reach. Nobody is asked who they are there."`
	AdminPprof  bool      `help:"Serve Go's profiles at --admin, too, under /debug/pprof/."`
	LogFormat   string    `default:"text" enum:"text,json" help:"How to write the log to standard error: text or json."`
	LogLevel    string    `default:"info" enum:"debug,info,warn,error" help:"What the log tells: debug, info, warn or error, and what is worse."`
}

// adminAddr is where to answer over HTTP, as a flag.
type adminAddr string

func (a *adminAddr) UnmarshalText(text []byte) error {
	*a = adminAddr(text)
	_, port, err := net.SplitHostPort(string(text))
	if err != nil {
		return fmt.Errorf("%q: want host:port, as 127.0.0.1:9465", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q: port %q: want 0 to 65535, where 0 lets the kernel choose", text, port)
	}
	return nil
}

// local reports whether only this machine can reach the address.
func (a adminAddr) local() bool {
	host, _, _ := net.SplitHostPort(string(a))
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// validate finds what is wrong on every machine.
func (o *operating) validate() error {
	switch {
	case o.Admin == "" && (o.AdminRemote || o.AdminPprof):
		return errors.New("--admin: missing beside --admin-remote or --admin-pprof: want host:port, as 127.0.0.1:9465")
	case o.Admin != "" && !o.Admin.local() && !o.AdminRemote:
		return fmt.Errorf("--admin %q: other machines may reach this address; use 127.0.0.1, or say --admin-remote", string(o.Admin))
	}
	return nil
}

// logger writes to standard error what the flags ask for, and whether that is JSON.
func (o *operating) logger() (log *slog.Logger, json bool) {
	options := new(slog.HandlerOptions)
	level := new(slog.LevelVar)
	if level.UnmarshalText([]byte(cmp.Or(o.LogLevel, "info"))) == nil {
		options.Level = level
	}
	if o.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options)), true
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options)), false
}

// A unit works until it is told to end, such as a forwarder, or a backend with its subscriber.
type unit interface {
	admin.Part
	// Done is closed when it has ended, asked or not.
	Done() <-chan struct{}
	// End ends it, when ctx ends at the latest, if it has not ended by itself, and tells why it had, or what ending cost.
	End(ctx context.Context) error
}

// A group are units that end together.
type group []unit

// operate lets units work until ctx ends, or one of them does by itself, and tells meanwhile how they are. Then it ends them, one group after
// the other. The error is that of a unit that ended by itself.
func (o *operating) operate(ctx context.Context, log *slog.Logger, groups ...group) error {
	ctx, broken := context.WithCancel(ctx)
	defer broken()
	parts := admin.Parts{admin.Process{Version: buildVersion(), Libzmq: libzmqVersion()}}
	for _, u := range slices.Concat(groups...) {
		parts = append(parts, u)
	}
	if o.Admin != "" {
		server, err := admin.Listen(admin.Config{Addr: string(o.Admin), Parts: parts, Pprof: o.AdminPprof, Logger: log})
		if err != nil {
			return errors.Join(fmt.Errorf("--admin: %w", err), end(log, groups))
		}
		log.Info("admin: listening", "addr", server.Addr())
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			server.Close(ctx)
		}()
	}
	quit, attended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(attended)
		admin.SystemdFrom(os.Getenv).Attend(parts, quit)
	}()
	for _, u := range slices.Concat(groups...) {
		go func() {
			<-u.Done()
			broken()
		}()
	}
	<-ctx.Done()
	close(quit)
	<-attended
	return end(log, groups)
}

// end ends units within the time that the program has for it. What they lose then, as when the other side is gone, is a warning.
func end(log *slog.Logger, groups []group) error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	var errs []error
	for _, g := range groups {
		errs = append(errs, g.end(ctx, log))
	}
	return errors.Join(errs...)
}

func (g group) end(ctx context.Context, log *slog.Logger) error {
	errs := make([]error, len(g))
	var all sync.WaitGroup
	for i, u := range g {
		all.Go(func() {
			select {
			case <-u.Done(): // by itself
				errs[i] = u.End(ctx)
			default:
				if err := u.End(ctx); err != nil {
					log.Warn("the last measurements may be lost", "unit", u.Name(), "error", err)
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func libzmqVersion() string {
	major, minor, patch := zmq.Version()
	return fmt.Sprintf("%d.%d.%d", major, minor, patch)
}
