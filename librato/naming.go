package librato

import (
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/zibrato/zibrato/metric"
)

// maxRenamed bounds what a sink remembers of series that share a name.
const maxRenamed = 10000

// naming gives measurements their names, tags and sources, and keeps those of one window apart.
type naming struct {
	prefix  string
	api     API
	log     *slog.Logger
	renamed map[string]bool // identities that met another of the same name once, and go under another since
	fresh   int             // of these, not reported yet
	example string          // of those, one
}

// claims are the series of one window that were seen, and the places that they took: a name with its tags or its source,
// as the service sees them.
type claims map[string]bool

var errTwice = errors.New("stands in the window twice")

// claim finds a name and a place for a series' measurement, whose name ends with suffix.
func (n *naming) claim(taken claims, s *metric.Series, suffix string) (name string, where place, err error) {
	identity := s.Key() + "\x00" + suffix // begins with the kind, which no key of a place does
	if taken[identity] {
		return "", where, errTwice
	}
	taken[identity] = true
	name = legal(n.prefix+s.Name, maxName-len(suffix), "") + suffix
	if n.api == Metrics {
		where.source = flatSource(s)
	} else {
		where.tags = tagsOf(s)
	}
	if n.renamed[identity] || taken[where.key(name)] {
		plain := name
		name = mark(name, identity, maxName)
		if !n.renamed[identity] && len(n.renamed) < maxRenamed {
			n.renamed[identity] = true
			n.fresh++
			n.example = plain + " as " + name
		}
	}
	key := where.key(name)
	if taken[key] {
		return "", where, errTwice
	}
	taken[key] = true
	return name, where, nil
}

// report logs that series were renamed since the last report.
func (n *naming) report() {
	if n.fresh > 0 {
		n.log.Warn("librato: measurements that would be one to the service, which knows neither case nor kind, go under other names",
			"measurements", n.fresh, "example", n.example)
		n.fresh = 0
	}
}

// place is where a measurement of some name belongs: one of the two.
type place struct {
	tags   map[string]string
	source string
}

// key is equal for two places that are one to the service.
func (p place) key(name string) string {
	parts := []string{name, p.source}
	for k, v := range p.tags {
		parts = append(parts, strings.ToLower(k+"\x00"+v))
	}
	slices.Sort(parts[2:])
	return strings.ToLower(strings.Join(parts, "\x00"))
}

// tagsOf returns the tags of a series for the tagged API.
func tagsOf(s *metric.Series) map[string]string {
	tags := make(map[string]string, len(s.Tags)+2)
	tags["source"] = legal(s.Source, maxTagValue, inValues)
	used := map[string]bool{"source": true, "level": true}
	if s.Level != "" {
		tags["level"] = legal(string(s.Level), maxTagValue, inValues)
	}
	for _, t := range s.Tags {
		if t.Value == "" {
			continue
		}
		if len(tags) == maxTags {
			break
		}
		key := legal(t.Key, maxTagKey, "")
		if used[strings.ToLower(key)] {
			key = mark(key, t.Key, maxTagKey)
		}
		used[strings.ToLower(key)] = true
		tags[key] = legal(t.Value, maxTagValue, inValues)
	}
	return tags
}

// flatSource returns the source and the tags of a series as a source of the source-based API.
func flatSource(s *metric.Series) string {
	source := s.Source
	for _, t := range s.Tags {
		if t.Value != "" {
			source += "." + t.Key + ":" + t.Value
		}
	}
	flat := legal(source, maxName, "")
	if strings.EqualFold(flat, "all") {
		return mark(flat, source, maxName)
	}
	return flat
}
