//go:build cgo

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/zibrato/zibrato/forwarder"
)

// settle is how long everything may take to become idle before an attack.
const settle = 700 * time.Millisecond

// run does one attack, and returns its line of the table.
func run(ctx context.Context, a scenario, length time.Duration) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f, err := spawn("forwarder", strconv.FormatUint(a.files, 10))
	if err != nil {
		return "", err
	}
	defer f.close()
	in, out := f.said[0], f.said[1]
	app, err := spawn("app", in)
	if err != nil {
		return "", err
	}
	defer app.close()
	pair, err := startPair(ctx, in, out)
	if err != nil {
		return "", err
	}
	defer pair.close()
	sleep(ctx, settle)
	idle, appIdle := memory(f.Process.Pid, "VmRSS"), memory(app.Process.Pid, "VmRSS")
	resetPeak(f.Process.Pid)
	resetPeak(app.Process.Pid)
	pair.reset()

	attacker, err := spawn("attacker", a.name, in, out)
	if err != nil {
		return "", err
	}
	syscall.Setpriority(syscall.PRIO_PROCESS, attacker.Process.Pid, 5)
	began, cpu := time.Now(), cpuTime(f.Process.Pid)
	var fresh []time.Duration
	for time.Since(began) < length && f.alive() {
		sleep(ctx, 250*time.Millisecond)
		fresh = append(fresh, freshPair(in, out))
	}
	cores := (cpuTime(f.Process.Pid) - cpu).Seconds() / time.Since(began).Seconds()
	peak, appPeak := memory(f.Process.Pid, "VmHWM"), memory(app.Process.Pid, "VmHWM")
	alive := f.alive() && app.alive()
	attacker.Process.Kill()
	attacker.close()
	sent, lost, delays := pair.result()
	f.close()
	return fmt.Sprintf("| %s | %.1f | %.2f | %.1f | %d of %d | %s | %s | %s | %s |", a.what,
		peak-idle, cores, appPeak-appIdle, lost, sent, medianAndWorst(delays), medianAndWorst(fresh), cuts(f.last), yes(alive)), nil
}

// cuts says how many connections the forwarder closed, and why; and how many messages it had no room for.
func cuts(refused []byte) string {
	var counts [forwarder.Refusals]uint64
	if json.Unmarshal(refused, &counts) != nil {
		return "unknown"
	}
	var all []string
	for _, why := range []forwarder.Refusal{
		forwarder.RefusedConnections, forwarder.RefusedFlood, forwarder.RefusedEndless, forwarder.RefusedSlow, forwarder.RefusedCrowded,
	} {
		if n := counts[why]; n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, why))
		}
	}
	if all == nil {
		return "none"
	}
	return strings.Join(all, ", ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "**no**"
}

func medianAndWorst(d []time.Duration) string {
	if len(d) == 0 {
		return "none"
	}
	slices.Sort(d)
	return fmt.Sprintf("%s, %s", short(d[len(d)/2]), short(d[len(d)-1]))
}

func short(d time.Duration) string {
	if d >= never {
		return "never"
	}
	return strings.Replace(fmt.Sprintf("%.1f ms", d.Seconds()*1e3), ".0 ", " ", 1)
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// memory returns a line of a process's status, in MiB; 0 once it has ended.
func memory(pid int, line string) float64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), line+":")
	if f := strings.Fields(rest); len(f) > 0 {
		kib, _ := strconv.ParseFloat(f[0], 64)
		return kib / 1024
	}
	return 0
}

func resetPeak(pid int) { os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0) }

// cpuTime returns the processor time of a process; 0 once it has ended.
func cpuTime(pid int) time.Duration {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond // 100 ticks a second
}
