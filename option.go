package zibrato

import (
	"slices"

	"github.com/zibrato/zibrato/metric"
)

// Option says what series a scope or an instrument measures. What a scope was made with holds for the instruments and scopes made from it;
// an option given later wins.
type Option func(*attributes)

type attributes struct {
	level  Level
	source string // empty: the recorder's
	tags   []metric.Tag
	unit   string
	help   string
}

// AtLevel puts the measurements on a level. Default: [LevelInfo]. What is not legal is made so, see metric.LegalLevel. Any other label than those of the
// standard levels, such as "warn" or "INFO", is a level of its own, which is not measured before somebody asks for it. A recorder has at most 256 levels;
// past that, new ones fall on info, which is counted as misuse.
func AtLevel(l Level) Option { return func(a *attributes) { a.level = l } }

// Source says where the measurements come from. Default: [Config].Source.
func Source(s string) Option { return func(a *attributes) { a.source = s } }

// Tag adds a tag. Of tags with the same key the last counts. A series has at most 32 tags, keys of up to 64 and values of
// up to 255 bytes; what is not legal is made so, see metric.LegalTag.
func Tag(key, value string) Option {
	return func(a *attributes) { a.tags = append(slices.Clip(a.tags), metric.Tag{Key: key, Value: value}) }
}

// WithUnit gives the unit of a gauge, counter, up-down counter or distribution, in UCUM (https://ucum.org), such as "By" or
// "{request}". Timers are always in seconds. It does not make another series.
func WithUnit(ucum string) Option { return func(a *attributes) { a.unit = ucum } }

// WithHelp describes the instrument in at most 255 bytes. It does not make another series.
func WithHelp(text string) Option { return func(a *attributes) { a.help = text } }

func (a attributes) with(opts []Option) attributes {
	for _, o := range opts {
		if o != nil {
			o(&a)
		}
	}
	return a
}
