package naming

import (
	"fmt"
	"strings"

	"github.com/zibrato/zibrato/metric"
)

// DefaultTemplate puts what a program measures below the program.
const DefaultTemplate = "{source}.{name}.{tags}"

// Template makes one flat name of a series' name, source, level and tags. It is words between dots, each of which is text or one of
// {name}, {source}, {level}, {kind} and {tags}, which stands for every tag as key.value. What is empty vanishes with its dot.
type Template []string

// ParseTemplate reads a template; the empty text is DefaultTemplate.
func ParseTemplate(text string) (Template, error) {
	if text == "" {
		text = DefaultTemplate
	}
	var t Template
	named := false
	for word := range strings.SplitSeq(text, ".") {
		switch word {
		case "{name}":
			named = true
		case "{source}", "{level}", "{kind}", "{tags}":
		default:
			if word == "" || Word(word) != word {
				return nil, fmt.Errorf("%q: %q: want {name}, {source}, {level}, {kind}, {tags} or A-Z a-z 0-9 _ - between dots", text, word)
			}
		}
		t = append(t, word)
	}
	if !named {
		return nil, fmt.Errorf("%q: has no {name}", text)
	}
	return t, nil
}

// Flat returns the series' name by the template.
func (t Template) Flat(s *metric.Series) string {
	var b strings.Builder
	add := func(word string) {
		if word == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(word)
	}
	for _, word := range t {
		switch word {
		case "{name}":
			add(Name(s.Name))
		case "{source}":
			add(Word(s.Source))
		case "{level}":
			add(Word(string(s.Level)))
		case "{kind}":
			add(s.Kind.String())
		case "{tags}":
			for _, tag := range s.Tags {
				if tag.Value != "" {
					add(Word(tag.Key))
					add(Word(tag.Value))
				}
			}
		default:
			add(word)
		}
	}
	flat := b.String()
	if len(flat) <= MaxName {
		return flat
	}
	return Mark(flat, flat, MaxName)
}

// Tags returns the series' tags for a target that has them: source and level first, where they are known, then those of the
// user's own, each value as value makes it. One of the user's that is called source or level is marked. Tags without a value are left out.
func Tags(dst []metric.Tag, s *metric.Series, value func(string) string) []metric.Tag {
	if s.Source != "" {
		dst = append(dst, metric.Tag{Key: "source", Value: value(s.Source)})
	}
	if s.Level != "" {
		dst = append(dst, metric.Tag{Key: "level", Value: value(string(s.Level))})
	}
	for _, t := range s.Tags {
		if t.Value == "" {
			continue
		}
		key := Text(t.Key, ".", MaxWord)
		if key == "source" || key == "level" {
			key = Mark(key, t.Key, MaxWord)
		}
		dst = append(dst, metric.Tag{Key: key, Value: value(t.Value)})
	}
	return dst
}

// Prefix checks what goes before every name.
func Prefix(s string) error {
	if s == "" || Name(strings.TrimSuffix(s, ".")) == strings.TrimSuffix(s, ".") && len(s) <= MaxWord {
		return nil
	}
	return fmt.Errorf("%q: want up to %d of A-Z a-z 0-9 _ - and dots between them, as prod.", s, MaxWord)
}
