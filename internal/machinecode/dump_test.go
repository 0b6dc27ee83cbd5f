package machinecode

import (
	"strings"
	"testing"
)

// What the compiler does not make of Go: code that traps, leaves the function or ends while pinned.
func TestWhatNoCompilerMakesIsFoundToo(t *testing.T) {
	const pin, unpin = "\n  f.go:1\t0x10\t\te800000000\t\tCALL runtime.procPin(SB)", "\n  f.go:9\t0x90\t\te800000000\t\tCALL runtime.procUnpin(SB)"
	rules := Rules{Pin: "runtime.procPin", Unpin: "runtime.procUnpin"}
	for code, want := range map[string]string{
		pin + "\n  f.go:2\t0x20\t\t0f0b\t\tUD2" + unpin:                           "it traps",
		pin + "\n  f.go:2\t0x20\t\teb00\t\tJMP 0x5000" + unpin:                    "it jumps out of the function",
		pin + "\n  f.go:2\t0x20\t\t7400\t\tJE 0x5000" + unpin:                     "it jumps out of the function",
		pin + "\n  f.go:2\t0x20\t\te900000000\t\tJMP main.g(SB)" + unpin:          "it jumps out of the function",
		pin + "\n  f.go:2\t0x20\t\t90\t\tNOPL":                                    "the code ends here without unpinning",
		pin + "\n  f.go:2\t0x20\t\tf3a4\t\tREP; MOVSB DS:0(SI), ES:0(DI)" + unpin: "not on the list",
		pin + "\n  f.go:2\t0x20\t\te800000000\t\tCALL 0x8(DX)" + unpin:            "a call that is not allowed",
		pin + unpin: "",
	} {
		p, err := parse([]byte("TEXT main.f(SB) f.go" + code))
		if err != nil {
			t.Fatal(err)
		}
		checked := Check(p, rules)
		for how, r := range map[string]Report{"Check": checked, "Structure": Structure(p, rules)} {
			switch {
			case r.Regions != 1:
				t.Errorf("%s: %d regions in%s", how, r.Regions, code)
			case want == "" && len(r.Findings) > 0:
				t.Errorf("%s: %s", how, r.Findings)
			case how == "Structure" && want == "not on the list": // instructions of amd64
			case want != "" && (len(r.Findings) != 1 || !strings.Contains(r.Findings[0].String(), want)):
				t.Errorf("%s: %s, want one that says %q of%s", how, r.Findings, want, code)
			}
		}
	}
}

// The text calls the low byte of SI "SI", so the size is read from the encoding.
func TestWidthsAreThoseOfTheEncoding(t *testing.T) {
	for code, want := range map[string]int{
		"\x40\x84\xf6":                 1,  // TESTB SI, SI
		"\x48\x85\xf6":                 8,  // TESTQ SI, SI
		"\x85\xf6":                     4,  // TESTL SI, SI
		"\x66\x89\x01":                 2,  // MOVW AX, 0(CX)
		"\x41\xc6\x00\x01":             1,  // MOVB $1, 0(R8)
		"\x48\xc7\x00\x01\x00\x00\x00": 8,  // MOVQ $1, 0(AX)
		"\x0f\xb6\xd3":                 1,  // MOVZX BL, DX
		"\x0f\xb7\x01":                 2,  // MOVZX 0(CX), AX
		"\x48\x0f\x4c\xcf":             8,  // CMOVL DI, CX
		"\xf2\x0f\x11\x01":             8,  // MOVSD_XMM X0, 0(CX)
		"\xf3\x0f\x11\x01":             4,  // MOVSS X0, 0(CX)
		"\x44\x0f\x11\x39":             16, // MOVUPS X15, 0(CX)
		"\x66\x48\x0f\x7e\xcb":         8,  // MOVQ X1, BX
		"\xf0\x48\x0f\xb1\x11":         8,  // LOCK CMPXCHGQ DX, 0(CX)
		"\x48\x83\xc0\x08":             8,  // ADDQ $8, AX
		"\x80\x3d\x00\x00\x00\x00":     1,  // CMPB x(SB), $0
		"\xb8\x01\x00\x00\x00":         4,  // MOVL $1, AX
		"\x49\x81\xf9\x00\x10\x00\x00": 8,  // CMPQ R9, $0x1000
	} {
		if got := width([]byte(code)); got != want {
			t.Errorf("% x: %d bytes, want %d", code, got, want)
		}
	}
}
