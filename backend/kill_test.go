package backend

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/metric"
)

// The environment of a child.
const (
	childDir  = "ZIBRATO_TEST_DIR"
	childStep = "ZIBRATO_TEST_STEP" // at which step it kills itself; 0: it does not
)

// entry is what a child's sink says of one series in one window. One whose Name is empty says that the child receives.
type entry struct {
	Kind  metric.Kind
	Name  string
	Start int64
	Count uint64
	Int   int64
}

// child is a backend in a process of its own: batches come from its standard input, windows go to its standard output.
func child(dir string) int {
	var steps atomic.Int64
	last, _ := strconv.Atoi(os.Getenv(childStep))
	b, err := Start(Config{
		From: input{os.Stdin}, Sinks: []Sink{output{os.Stdout}}, Interval: MinInterval, Dir: dir,
		fault: func(string) error {
			if steps.Inc() == int64(last) {
				p, err := os.FindProcess(os.Getpid())
				if err == nil {
					err = p.Kill()
				}
				if err != nil {
					panic(err)
				}
				select {}
			}
			return nil
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	<-b.Done()
	b.Close() // which says that the source ended
	return 0
}

type input struct{ io.ReadCloser }

func (in input) Receive(_ context.Context, deliver func(*metric.Batch)) error {
	var b metric.Batch
	os.Stdout.Write([]byte("{}\n"))
	for r := bufio.NewReader(in); ; {
		var n uint32
		if err := binary.Read(r, binary.LittleEndian, &n); err != nil {
			return nil
		}
		frame := make([]byte, n)
		if _, err := io.ReadFull(r, frame); err != nil {
			return nil
		}
		if err := metric.DecodeBatch(frame, &b); err != nil {
			return err
		}
		deliver(&b)
	}
}

type output struct{ io.Writer }

func (out output) Write(_ context.Context, w *metric.Window) error {
	var lines []byte
	for _, a := range w.Series {
		line, err := json.Marshal(entry{a.Kind, a.Name, w.Start.UnixNano(), a.Count, a.IntSum})
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	_, err := out.Writer.Write(lines)
	return err
}

func (output) Close(context.Context) error { return nil }

// running is a child, seen from its parent.
type running struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	ready chan struct{} // closed when it receives
	ended chan struct{} // closed when all that it said is in the ledger
}

func spawn(t *testing.T, dir string, step int, book *ledger) *running {
	t.Helper()
	c := &running{cmd: exec.Command(os.Args[0]), ready: make(chan struct{}), ended: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), childDir+"="+dir, childStep+"="+strconv.Itoa(step))
	c.cmd.Stderr = os.Stderr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e entry
			if json.Unmarshal(lines.Bytes(), &e) != nil {
				return // torn by a kill: not delivered
			}
			if e.Name == "" {
				close(c.ready)
				continue
			}
			book.take(&metric.Window{Start: time.Unix(0, e.Start), Series: []metric.Aggregate{{Series: series(e.Kind, e.Name), Count: e.Count, IntSum: e.Int}}})
		}
	}()
	return c
}

// send writes a batch, and reports whether the child could still have taken it.
func (c *running) send(b *metric.Batch) bool {
	frame := metric.AppendBatch(make([]byte, 4), b)
	binary.LittleEndian.PutUint32(frame, uint32(len(frame)-4))
	_, err := c.in.Write(frame)
	return err == nil
}

// await waits until the child has ended and everything that it said has been read.
func (c *running) await() {
	<-c.ended
	c.cmd.Wait() // whatever it says: most are killed
}

// TestProcessesThatAreKilledLoseNothing kills real processes, at random instants and at random steps.
func TestProcessesThatAreKilledLoseNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	w, book, dir := &world{r: r}, newLedger(), t.TempDir()
	c := spawn(t, dir, 0, book)
	<-c.ready // before, nobody listens
	for kills := range 16 {
		w.detail = details[kills%2]
		w.born()
		end := time.Now().Add(time.Duration(r.IntN(300)) * time.Millisecond)
		for alive := true; alive && time.Now().Before(end); time.Sleep(time.Duration(r.IntN(10)) * time.Millisecond) {
			alive = c.send(w.work())
		}
		c.cmd.Process.Kill()
		c.await()
		step := 0
		if kills%2 == 0 {
			step = 1 + r.IntN(60)
		}
		c = spawn(t, dir, step, book)
	}
	c.cmd.Process.Kill()
	c.await()
	c = spawn(t, dir, 0, book)
	for _, p := range w.processes {
		if !c.send(p.batch(metric.Info, true)) {
			t.Fatal("the last one does not live")
		}
	}
	c.in.Close()
	c.await()
	if !c.cmd.ProcessState.Success() {
		t.Errorf("the last one ended with %v", c.cmd.ProcessState)
	}
	for _, p := range w.processes { // which entry does not hold
		for _, s := range p.series {
			if s.series.Kind == metric.Distribution {
				s.totals.Sum = 0
			}
		}
	}
	book.check(t, "killed", w.processes...)
}
