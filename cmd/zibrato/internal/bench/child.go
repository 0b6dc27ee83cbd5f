//go:build cgo

package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/zibrato/zibrato/internal/measure"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
)

// An order is what the parent tells its child. Each is answered by one answer.
type order struct {
	Open  string        `json:",omitempty"` // publish to this endpoint, and answer when somebody there is watching
	Work  time.Duration `json:",omitempty"` // work for so long, timing it if anybody is watching
	Close bool          `json:",omitempty"` // publish no more
}

// An answer tells what became of an order.
type answer struct {
	Timed uint64        `json:",omitempty"` // by Work: blocks of code that were timed
	Total uint64        `json:",omitempty"` // and since the child began
	CPU   time.Duration `json:",omitempty"` // by Work: processor time used
	Error string        `json:",omitempty"`
}

// Child is what the child of [Run] does: it carries out orders from stdin and answers on stdout, both in lines of JSON, until stdin ends, which ends its
// work as well. It returns an error when it cannot speak with its parent; the process is expected to exit then. A child should ignore the interrupt that a
// terminal sends to it and its parent alike.
func Child(stdin io.Reader, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	orders := make(chan order)
	go func() {
		defer close(orders)
		defer cancel() // also what is under way
		for dec := json.NewDecoder(stdin); ; {
			var o order
			if dec.Decode(&o) != nil {
				return
			}
			select {
			case orders <- o:
			case <-ctx.Done():
				return
			}
		}
	}()
	var w worker
	defer w.close()
	for o := range orders {
		a, err := w.carryOut(ctx, o)
		if err != nil {
			a.Error = err.Error()
		}
		if err := json.NewEncoder(stdout).Encode(a); err != nil {
			return fmt.Errorf("bench: answer: %w", err)
		}
	}
	return nil
}

// A worker is the program whose instrumentation is measured.
type worker struct {
	pub   *publisher.Publisher // nil while it is not instrumented
	timed uint64               // blocks so far
}

func (w *worker) carryOut(ctx context.Context, o order) (answer, error) {
	switch {
	case o.Open != "":
		return answer{}, w.open(ctx, o.Open)
	case o.Work > 0:
		return w.work(ctx, o.Work)
	case o.Close:
		w.close()
		return answer{}, nil
	}
	return answer{}, errors.New("an order for nothing")
}

// patience is how long connecting to a forwarder on this machine may take, which takes milliseconds as a rule.
const patience = 30 * time.Second

func (w *worker) open(ctx context.Context, endpoint string) (err error) {
	if w.pub, err = publisher.Start(publisher.Config{Endpoint: endpoint}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return w.pub.WaitSubscriber(ctx, metric.Info)
}

func (w *worker) close() {
	if w.pub != nil {
		_ = w.pub.Close() // whoever would hear the last of it is gone
		w.pub = nil
	}
}

// work does so much of it, timed where somebody is watching.
func (w *worker) work(ctx context.Context, d time.Duration) (a answer, err error) {
	begin := measure.CPUTime()
	if w.pub == nil {
		_, err = work(ctx, d, plainBlock)
	} else {
		a.Timed, err = work(ctx, d, timedBlock)
		_ = w.pub.Flush(ctx) // what is lost on a machine that is too slow will be seen not to arrive
		w.timed += a.Timed
	}
	a.CPU, a.Total = measure.CPUTime()-begin, w.timed
	return a, err
}
