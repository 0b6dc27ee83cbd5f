package admin

import "fmt"

// A Part is something that works in the process, such as a forwarder or a backend. Its methods may be called from any goroutine, and
// answer at once.
type Part interface {
	// Name is what reports call it.
	Name() string
	// Stuck says why only a restart can help, or nothing.
	Stuck() string
	// Waits says what must still happen before the part does its work, or nothing.
	Waits() string
	// Report adds what the part has done.
	Report(*Exposition)
}

// Parts are all of a process.
type Parts []Part

// stuck are the reports of those that are.
func (p Parts) stuck() []string { return p.tell(Part.Stuck) }

// waiting are the reports of those that are not ready, stuck ones included.
func (p Parts) waiting() []string { return append(p.stuck(), p.tell(Part.Waits)...) }

func (p Parts) tell(of func(Part) string) (reports []string) {
	for _, part := range p {
		if why := of(part); why != "" {
			reports = append(reports, fmt.Sprintf("%s: %s", part.Name(), why))
		}
	}
	return reports
}
