package hotinstrument

import (
	"testing"

	"github.com/zibrato/zibrato"
)

func TestLoop(t *testing.T) {
	for range 3 {
		zibrato.NewCounter("jobs").Inc()
	}
}
