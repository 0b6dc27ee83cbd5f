// Package golangci brings the analyzers of package vet into golangci-lint, as a module plugin: a program that imports this package and golangci-lint has
// the linter zibratovet. The command golangci-lint custom makes one; docs/zibratovet.md has its configuration.
package golangci

import (
	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/zibrato/zibrato/vet"
)

func init() { register.Plugin("zibratovet", New) }

// New makes the plugin. It has no settings.
func New(settings any) (register.LinterPlugin, error) {
	if _, err := register.DecodeSettings[struct{}](settings); err != nil {
		return nil, err
	}
	return plugin{}, nil
}

type plugin struct{}

func (plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) { return vet.All(), nil }

func (plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
