package measure

import (
	"encoding/json"
	"runtime"
	"testing"
	"time"
)

func TestCPUModelFromCpuinfo(t *testing.T) {
	for _, test := range []struct{ cpuinfo, want string }{
		{"processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD  EPYC 7B13\nstepping\t: 1\n", "AMD EPYC 7B13"},
		{"processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n", "Raspberry Pi 4 Model B Rev 1.4"},
		{"cpu\t\t: POWER9, altivec supported\n", "POWER9, altivec supported"},
		{"processor\t: 0\nBogoMIPS\t: 243.75\n", ""},
		{"", ""},
	} {
		if got := cpuinfoModel(test.cpuinfo); got != test.want {
			t.Errorf("cpuinfoModel(%q) = %q, want %q", test.cpuinfo, got, test.want)
		}
	}
}

func TestThisMachineAsJSON(t *testing.T) {
	text, err := json.Marshal(ThisMachine())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{
		"cores": float64(runtime.NumCPU()), "gomaxprocs": float64(runtime.GOMAXPROCS(0)),
		"os": runtime.GOOS, "arch": runtime.GOARCH, "go": runtime.Version(),
	} {
		if got[field] != want {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
	if _, ok := got["cpu"].(string); !ok || len(got) != 6 {
		t.Errorf("got %s", text)
	}
}

func TestCPUTimeGrowsWithWork(t *testing.T) {
	begin := CPUTime()
	if begin == 0 {
		if runtime.GOOS == "linux" {
			t.Error("the system does not say")
		}
		return
	}
	for deadline := time.Now().Add(time.Minute); CPUTime() < begin+time.Millisecond; {
		if time.Now().After(deadline) {
			t.Fatal("used less than a millisecond in a minute")
		}
	}
}
