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

// delivery is one Write's work on a window.
type delivery struct {
	*sink
	window   *metric.Window
	progress *progress
	halvings int // left
}

// send sends the next items that are not done. It returns an error when the window must come again; what was
// done before is in progress.
func (d *delivery) send(ctx context.Context, items []item) error {
	r, err := d.client.post(ctx, d.envelope.wrap(d.window, items))
	if err != nil {
		return err
	}
	switch {
	case r.taken():
		n := r.refused(len(items))
		d.progress.refuseSome(items, n, fmt.Sprintf("%d of %d measurements: %s", n, len(items), d.client.saying(r)))
	case !r.unfit():
		return d.client.failure(r)
	case len(items) == 1:
		d.progress.refuse(items, items[0].name+": "+d.client.saying(r))
	case d.halvings == 0:
		d.progress.refuse(items, fmt.Sprintf("%d measurements from %s on, together: %s", len(items), items[0].name, d.client.saying(r)))
	default:
		d.halvings--
		half := len(items) / 2
		if err := d.send(ctx, items[:half]); err != nil {
			return err
		}
		return d.send(ctx, items[half:])
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
