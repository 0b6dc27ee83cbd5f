package otlp

import (
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/zibrato/zibrato/backend"
)

// maxReasons bounds how many different refusals an error tells.
const maxReasons = 3

// unlimited is the size of a request that takes all that it is given.
const unlimited = math.MaxInt

// progress is how far a window has come. It outlives a failed Write, so that the next resumes where that one stopped.
type progress struct {
	begun   bool
	of      window
	work    []*series // still to be sent
	refused int
	reasons []string // the first few, each once
}

// refuse takes the first n of the work as done, of which so many were refused.
func (p *progress) refuse(n, refused int, reason string) {
	p.work = p.work[n:]
	p.refused += refused
	if refused > 0 && len(p.reasons) < maxReasons && !slices.Contains(p.reasons, reason) {
		p.reasons = append(p.reasons, reason)
	}
}

// rejection is the error of a window that is done: nil if all of it was taken.
func (p *progress) rejection() error {
	if p.refused == 0 {
		return nil
	}
	return backend.Reject(errors.New("otlp: "+strings.Join(p.reasons, "; ")), p.refused)
}
