package post

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// shortest is the length from which on a secret is looked for. What is shorter, as the 1 of some header, is none and stands everywhere.
const shortest = 4

// Scrubber returns what takes secrets out of a stranger's text, in each form that they may have there: a server may echo what it was sent.
func Scrubber(secrets ...string) *strings.Replacer {
	var forms []string
	for _, s := range secrets {
		if len(s) >= shortest {
			forms = append(forms, s, base64.StdEncoding.EncodeToString([]byte(s)), url.QueryEscape(s), url.PathEscape(s))
		}
	}
	// Longer ones first: of two that begin at one place the replacer takes the first.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, f := range forms {
		pairs = append(pairs, f, "[redacted]")
	}
	return strings.NewReplacer(pairs...)
}
