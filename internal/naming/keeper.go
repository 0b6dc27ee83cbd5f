package naming

import (
	"errors"
	"log/slog"

	"github.com/zibrato/zibrato/metric"
)

// maxRenamed bounds what a keeper remembers of series that met another of their name.
const maxRenamed = 10000

// ErrTwice says that a series stands in a window twice.
var ErrTwice = errors.New("stands in the window twice")

// Keeper keeps the series of a window apart whose names came out the same. The first of them in the window's order keeps its name, the
// others get _ and the hash of their whole identity, from then on: an owner that is missing in a window is no reason to move.
type Keeper struct {
	renamed  map[string]bool   // identities
	names    map[string]bool   // taken in this window, with what goes with them
	families map[string]string // of the names
	fresh    int               // renamed and not reported yet
	example  string            // of those, one
}

// Begin forgets the window before.
func (k *Keeper) Begin() {
	if k.names == nil {
		k.renamed, k.names, k.families = map[string]bool{}, map[string]bool{}, map[string]string{}
	}
	clear(k.names)
	clear(k.families)
}

// Claim returns the name for a series whose name would be name, with tags that are part of its identity. A name belongs to one family: where
// a target takes one type for each name, that is the type.
func (k *Keeper) Claim(s *metric.Series, name, tags, family string) (string, error) {
	of, known := k.families[name]
	clash := known && of != family || k.names[name+"\x00"+tags]
	if clash || len(k.renamed) > 0 {
		if id := s.Key(); clash || k.renamed[id] {
			plain := name
			name = Mark(name, id, MaxName)
			if !k.renamed[id] && len(k.renamed) < maxRenamed {
				k.renamed[id] = true
				k.fresh++
				k.example = plain + " as " + name
			}
		}
	}
	key := name + "\x00" + tags
	if k.names[key] {
		return "", ErrTwice
	}
	k.names[key], k.families[name] = true, family
	return name, nil
}

// Report logs that series were renamed since the last report.
func (k *Keeper) Report(log *slog.Logger, sink string) {
	if k.fresh > 0 {
		log.Warn(sink+": series whose names come out the same go under other names", "series", k.fresh, "example", k.example)
		k.fresh = 0
	}
}
