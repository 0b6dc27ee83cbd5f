package real

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// home is where scripts/servers.sh puts what it does not leave to the system's packages.
func home() string {
	if dir := os.Getenv("ZIBRATO_SERVERS_DIR"); dir != "" {
		return dir
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "zibrato-servers")
	}
	return filepath.Join(os.Getenv("HOME"), ".cache", "zibrato-servers")
}

// ours finds a program or file that scripts/servers.sh built or fetched. Others of that name are not taken: their versions matter.
func ours(t testing.TB, name ...string) string {
	t.Helper()
	path := filepath.Join(home(), filepath.Join(name...))
	if _, err := os.Stat(path); err != nil {
		missing(t, name[len(name)-1])
	}
	return path
}

// systems finds a program that a package of the system brings.
func systems(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/bin", "/usr/sbin") {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	missing(t, name)
	return ""
}

// missing skips the test, or fails it where all servers have to be there.
func missing(t testing.TB, name string) {
	t.Helper()
	if os.Getenv("ZIBRATO_SERVERS") == "required" {
		t.Fatalf("%s is not on this machine: scripts/servers.sh brings it, and ZIBRATO_SERVERS=required wants it", name)
	}
	t.Skipf("%s is not on this machine: run make test-servers, which brings it", name)
}
