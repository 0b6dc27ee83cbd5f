package post

import (
	"errors"
	"slices"
	"strings"

	"github.com/zibrato/zibrato/backend"
)

// maxReasons bounds how many different reasons an error tells.
const maxReasons = 3

// Refusals are what a server refused of a window. The zero value is none.
type Refusals struct {
	count   int
	reasons []string // the first few, each once
}

// Add counts n more, for a reason.
func (r *Refusals) Add(n int, reason string) {
	r.count += n
	if len(r.reasons) < maxReasons && !slices.Contains(r.reasons, reason) {
		r.reasons = append(r.reasons, reason)
	}
}

// Rejection is the error of a window that is done: nil if nothing of it was refused.
func (r *Refusals) Rejection(sink string) error {
	if r.count == 0 {
		return nil
	}
	return backend.Reject(errors.New(sink+": "+strings.Join(r.reasons, "; ")), r.count)
}
