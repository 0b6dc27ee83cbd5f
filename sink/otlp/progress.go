package otlp

import (
	"math"

	"github.com/zibrato/zibrato/internal/post"
)

// unlimited is the size of a request that takes all that it is given.
const unlimited = math.MaxInt

// progress is how far a window has come. It outlives a failed Write, so that the next resumes where that one stopped.
type progress struct {
	begun   bool
	of      window
	work    []*series // still to be sent
	refused post.Refusals
}

// refuse takes the first n of the work as done, of which so many were refused.
func (p *progress) refuse(n, refused int, reason string) {
	p.work = p.work[n:]
	if refused > 0 {
		p.refused.Add(refused, reason)
	}
}
