package zibrato_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
	code    = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.*)$`)
)

// pages are the texts of this repository, by path, without the blocks of code in them.
func pages(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "*/*.md", "docs/*/*.md", "examples/*/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[path] = fence.ReplaceAllString(string(text), "")
		}
	}
	return texts
}

// A link in the documentation leads to a file that exists, and to a heading that is in it. Addresses elsewhere are not tried.
func TestLinksInTheDocumentationLeadSomewhere(t *testing.T) {
	texts := pages(t)
	links := 0
	for page, text := range texts {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			links++
			path, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
				continue
			}
			if anchor != "" && !anchors(texts[target])[anchor] {
				t.Errorf("%s links to %s, where no heading is called that", page, m[1])
			}
		}
	}
	if links < 30 {
		t.Errorf("found only %d links in %d pages", links, len(texts))
	}
}

// Every page of the book is in its table of contents.
func TestEveryPageIsInTheTableOfContents(t *testing.T) {
	texts := pages(t)
	contents := texts["docs/README.md"]
	for page := range texts {
		rel, ok := strings.CutPrefix(page, "docs/")
		if ok && rel != "README.md" && !strings.Contains(contents, "("+rel+")") {
			t.Errorf("docs/README.md does not list %s", rel)
		}
	}
}

// anchors are what the headings of a page are called in addresses.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		names[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])] = true
	}
	return names
}
