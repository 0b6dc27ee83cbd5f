package backend

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/metric"
)

// While batches come in, a checkpoint falls between two of them: what its state knows is what is in the windows up to it, and the log that it goes on
// in holds all batches from there to the next one, each once.
func TestACheckpointFallsBetweenTwoBatches(t *testing.T) {
	dir := t.TempDir()
	f := testFold(Config{})
	st, err := store.Open(store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	done := make(chan struct{})
	var adding sync.WaitGroup
	for n := range byte(2) {
		p := newProcess(n+1, time.Now(), metric.Samples)
		s := p.add(series(metric.Counter, "jobs"))
		adding.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				p.call(s, metric.IntValue(1))
				f.add(p.batch(metric.Info, false), time.Now())
			}
		})
	}
	learned, folded := int64(0), uint64(0)
	for n := range 300 {
		window, state := f.checkpoint(time.Now(), false, true, st.NextLog())
		if a := find(window, "jobs"); a != nil {
			learned += a.IntSum
		}
		known, seqs := int64(0), uint64(0)
		for _, s := range state.Streams {
			known += s.Members[0].Known.Sum.Int()
			seqs += s.Seq[metric.Samples]
		}
		if known != learned {
			t.Fatalf("checkpoint %d knows of %d jobs, %d are in windows", n, known, learned)
		}
		if n > 0 {
			file, err := os.ReadFile(filepath.Join(dir, "log."+strconv.Itoa(n)))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := store.ReadLog(bytes.NewReader(file), func(*metric.Batch, time.Time) {}); err != nil || uint64(got.Batches) != seqs-folded {
				t.Fatalf("log %d holds %d batches, %v; %d came meanwhile", n, got.Batches, err, seqs-folded)
			}
		}
		folded = seqs
		state.Start = time.Now()
		st.Commit(state, nil)
	}
	close(done)
	adding.Wait()
	if learned == 0 {
		t.Error("nothing came in")
	}
}
