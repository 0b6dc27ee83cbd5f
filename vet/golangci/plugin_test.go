package golangci

import (
	"testing"

	"github.com/golangci/plugin-module-register/register"
)

// golangci-lint finds the plugin by its name, makes it with the settings of its configuration, and takes its analyzers.
func TestPluginIsRegistered(t *testing.T) {
	make, err := register.GetPlugin("zibratovet")
	if err != nil {
		t.Fatal(err)
	}
	p, err := make(nil)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := p.BuildAnalyzers(); err != nil || len(all) != 4 {
		t.Errorf("%d analyzers, %v", len(all), err)
	}
	if mode := p.GetLoadMode(); mode != register.LoadModeTypesInfo {
		t.Errorf("load mode %q: the analyzers need types", mode)
	}
	if _, err := make(map[string]any{"strict": true}); err == nil {
		t.Error("a setting that there is not was taken")
	}
}
