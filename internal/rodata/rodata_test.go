//go:build (amd64 || arm64) && !zibrato_portable

package rodata

import "testing"

func TestConstantsAreReadOnly(t *testing.T) {
	if !Holds(constant) || !Holds(constant[1:3]) {
		t.Error("a constant is not")
	}
	if Holds(variable) {
		t.Error("what was built at run time is")
	}
	stack := [8]byte{'x'}
	if Holds(string(stack[:])) {
		t.Error("what lies on the stack is")
	}
	if Holds("") {
		t.Error("the empty string, which lies nowhere, is")
	}
}
