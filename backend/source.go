package backend

import (
	"context"

	"github.com/zibrato/zibrato/metric"
)

// A Source brings batches to a backend.
type Source interface {
	// Receive hands batches to deliver, one at a time, until ctx ends; then it hands over what had been recorded or had
	// arrived before, bounded in time, and returns nil. Another error says that the source broke. Batches are lent, as
	// [metric.Batch] says. deliver never blocks. Receive is called once, and does not call deliver after it returned.
	Receive(ctx context.Context, deliver func(*metric.Batch)) error

	// Close releases what the source holds. It is called after Receive returned, or instead of it. It is idempotent.
	Close() error
}
