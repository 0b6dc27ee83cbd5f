package builtname

import (
	"testing"

	"github.com/zibrato/zibrato"
)

func TestBuilt(t *testing.T) {
	zibrato.Inc("test." + t.Name())
}
