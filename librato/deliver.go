package librato

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// maxHalvings bounds the search for refused measurements in one Write: each halving costs two requests.
const maxHalvings = 128

// send sends items, the next of the window that are not done, and counts them in progress. It returns an error when the
// window must come again. halvings is how often it may halve them still.
func (s *sink) send(ctx context.Context, w *metric.Window, items []item, halvings *int) error {
	r, err := s.client.Send(ctx, s.envelope.wrap(w, items))
	if err != nil {
		return err
	}
	switch r := (reply{r}); {
	case r.taken():
		n := r.refused(len(items))
		if n == 0 {
			s.progress.take(items)
			break
		}
		s.progress.refuse(items, n, fmt.Sprintf("%d of %d measurements: %s", n, len(items), s.client.Saying(r.message())))
	case !r.unfit():
		return r.failure(s.client)
	case len(items) == 1:
		s.progress.refuse(items, 1, items[0].name+": "+s.client.Saying(r.message()))
	case *halvings == 0:
		s.progress.refuse(items, len(items), fmt.Sprintf("%d measurements from %s on, together: %s", len(items), items[0].name, s.client.Saying(r.message())))
	default:
		*halvings--
		half := len(items) / 2
		if err := s.send(ctx, w, items[:half], halvings); err != nil {
			return err
		}
		return s.send(ctx, w, items[half:], halvings)
	}
	return nil
}

// envelope writes what goes around measurements in a request.
type envelope struct{ api API }

func (e envelope) wrap(w *metric.Window, items []item) []byte {
	var b bytes.Buffer
	if e.api == Metrics {
		fmt.Fprintf(&b, `{"measure_time":%d,"gauges":[`, w.Start.Unix())
	} else {
		fmt.Fprintf(&b, `{"time":%d,`, w.Start.Unix())
		if period := w.Interval / time.Second; period > 0 {
			fmt.Fprintf(&b, `"period":%d,`, period)
		}
		b.WriteString(`"measurements":[`)
	}
	for i, it := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(it.json)
	}
	b.WriteString("]}")
	return b.Bytes()
}
