package zruntime

import (
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
)

func TestItReadsWhatTheSystemKnows(t *testing.T) {
	rec, c := start(t)
	c.Read()
	before := last(t, rec, "process.open_file_descriptor.count")
	for range 7 {
		f, err := os.Open("/dev/null")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	}
	if n := entries("/proc/self/fd"); n != int64(before)+7 { // as on older systems
		t.Errorf("%d files are counted, want %v", n, before+7)
	}
	burnt := burn(t, 50*time.Millisecond)
	c.Read()
	if after := last(t, rec, "process.open_file_descriptor.count"); after != before+7 {
		t.Errorf("%v files are open, then %v, want 7 more", before, after)
	}
	if n := rec.Sum("process.cpu.time"); n < float64(burnt) {
		t.Errorf("%v of processor time, want at least %v", time.Duration(n), burnt)
	}
	if n, size := last(t, rec, "process.memory.usage"), last(t, rec, "process.memory.virtual"); n < 1<<20 || size < n {
		t.Errorf("%v bytes of %v are in memory", n, size)
	}
	if n := last(t, rec, "process.thread.count"); n < 2 {
		t.Errorf("%v threads", n)
	}
	if n := last(t, rec, "process.open_file_descriptor.limit"); n < 8 {
		t.Errorf("%v files may be open", n)
	}
	// The start of the system is known to the second.
	if s := last(t, rec, "process.start"); s > float64(time.Now().Unix()+1) || s < float64(loaded.Unix()-60) {
		t.Errorf("started at %v, loaded at %v", s, loaded.Unix())
	}
}

// burn uses processor time.
func burn(t *testing.T, d time.Duration) time.Duration {
	used := func() time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			t.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	begun := used()
	for used() < begun+d {
	}
	return used() - begun
}

func TestThreadsAreThoseThatTheSystemLists(t *testing.T) {
	for range 1000 { // threads come and go
		before, counted, after := entries("/proc/self/task")+1, directories("/proc/self/task"), entries("/proc/self/task")+1 // of which entries leaves out one
		if before == after {
			if counted != before {
				t.Errorf("%d threads, want %d", counted, before)
			}
			return
		}
	}
	t.Error("the number of threads never stood still")
}

func TestTheProcessesNameMayHoldAnything(t *testing.T) {
	tail := " S" + strings.Repeat(" 7", fieldStart)
	if f := statFields([]byte("12 (a) b ) (c)" + tail)); len(f) != fieldStart+1 || string(f[0]) != "S" {
		t.Errorf("%q", f)
	}
	for _, broken := range []string{"", "12 (a", "12 (a) S 1"} {
		if f := statFields([]byte(broken)); f != nil {
			t.Errorf("%q of %q", f, broken)
		}
	}
}

var row = regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| ([a-z]*) \\| `?([^|`]*)`? \\| ([^|]*) \\|")

// The documented list is what is recorded.
func TestEverySeriesIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/integrations/runtime.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		documented[m[1]] = m[2] + " " + m[3]
	}
	rec, c := start(t)
	c.Read()
	recorded := map[string]bool{}
	for _, s := range rec.Series() {
		if strings.HasPrefix(s.Name, "zibrato.") {
			continue
		}
		recorded[s.Name] = true
		if want := kinds[s.Kind] + " " + s.Unit; documented[s.Name] != want {
			t.Errorf("%s is documented as %q, want %q", s.Name, documented[s.Name], want)
		}
	}
	for name := range documented {
		grew := map[string]bool{"process.paging.faults": true, "process.context_switches": true, "go.mutex.wait.time": true,
			"go.gc.cycles": true, "go.gc.cpu.time": true, "go.gc.pause": true, "go.schedule.duration": true, "go.memory.limit": true, "process.cpu.time": true}
		if !recorded[name] && !grew[name] { // which may have nothing to say in between
			t.Errorf("%s is documented and not recorded", name)
		}
	}
}

var kinds = map[metric.Kind]string{metric.Timer: "timer", metric.Counter: "counter", metric.Gauge: "gauge"}
