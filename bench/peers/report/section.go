package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// pagesOf returns all that is generated, by its name below the root. What stands outside the markers stays as it is on disk.
func pagesOf(root string) (map[string][]byte, error) {
	r, err := loadResults(filepath.Join(root, resultsFile))
	if err != nil {
		return nil, err
	}
	elsewhere, err := loadResults(filepath.Join(root, elsewhereFile))
	if err != nil {
		return nil, err
	}
	integrations, err := loadResults(filepath.Join(root, integrationsFile))
	if err != nil {
		return nil, err
	}
	pages := map[string][]byte{}
	for name, plot := range plotsOf(r) {
		pages["docs/figures/"+name] = []byte(plot)
	}
	for name, sections := range map[string]map[string]string{
		"README.md":      {"figures": readmeSection(r, elsewhere)},
		"docs/costs.md":  costSections(r, elsewhere),
		integrationsPage: {"figures": integrationsSection(integrations)},
	} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		page := string(text)
		for section, body := range sections {
			if page, err = replaceSection(page, section, body); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		pages[name] = []byte(page)
	}
	return pages, nil
}

// replaceSection replaces what stands between a section's markers, which are lines of their own.
func replaceSection(page, name, body string) (string, error) {
	begin, end := "<!-- "+name+":begin -->\n", "<!-- "+name+":end -->\n"
	before, rest, ok := strings.Cut(page, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("no lines %q and %q around what is generated", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + strings.TrimSpace(body) + "\n" + end + after, nil
}
