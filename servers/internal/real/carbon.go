package real

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Carbon is Graphite's carbon-cache, which stores in whisper files, one point a second for a day.
type Carbon struct {
	*Server
	Addr   string // takes lines
	Pickle string // takes pickles
}

const carbonConfig = `[cache]
STORAGE_DIR = %[1]s
LOCAL_DATA_DIR = %[1]s/whisper/
CONF_DIR = %[1]s/conf/
LOG_DIR = %[1]s/log/
PID_DIR = %[1]s/
USER =
ENABLE_LOGROTATION = False
MAX_CREATES_PER_MINUTE = inf
MAX_UPDATES_PER_SECOND = inf
ENABLE_TAGS = False
LINE_RECEIVER_INTERFACE = %[2]s
LINE_RECEIVER_PORT = %[3]s
ENABLE_UDP_LISTENER = True
UDP_RECEIVER_INTERFACE = %[2]s
UDP_RECEIVER_PORT = %[3]s
PICKLE_RECEIVER_INTERFACE = %[4]s
PICKLE_RECEIVER_PORT = %[5]s
CACHE_QUERY_INTERFACE = %[6]s
CACHE_QUERY_PORT = %[7]s
LOG_CREATES = True
`

// StartCarbon starts carbon-cache.
func StartCarbon(t testing.TB) *Carbon {
	t.Helper()
	path := systems(t, "carbon-cache")
	if out, err := exec.Command(python, "-c", "import whisper").CombinedOutput(); err != nil {
		t.Logf("%s: %v: %s", python, err, out)
		missing(t, "whisper, the Python module,")
	}
	c := &Carbon{}
	c.Server = launch(t, "carbon-cache", func(dir string) program {
		c.Addr, c.Pickle = addr(t), addr(t)
		lineHost, linePort := split(c.Addr)
		pickleHost, picklePort := split(c.Pickle)
		queryHost, queryPort := split(addr(t))
		config := write(t, dir, "conf/carbon.conf", fmt.Sprintf(carbonConfig, dir, lineHost, linePort, pickleHost, picklePort, queryHost, queryPort))
		write(t, dir, "conf/storage-schemas.conf", "[all]\npattern = .*\nretentions = 1s:1d\n")
		write(t, dir, "conf/storage-aggregation.conf", "[all]\npattern = .*\nxFilesFactor = 0\naggregationMethod = last\n")
		return program{path: path, args: []string{"--config=" + config, "--nodaemon", "start"}, ready: listens(c.Addr)}
	})
	return c
}

// python is the system's, the one that python3-whisper is installed for.
const python = "/usr/bin/python3"

// Point is one value of a whisper file.
type Point struct {
	Time  time.Time
	Value float64
}

// Metrics returns the names of the whisper files that there are, without those about carbon itself.
func (c *Carbon) Metrics(t testing.TB) (names []string) {
	t.Helper()
	root := filepath.Join(c.Dir, "whisper")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && strings.HasSuffix(path, ".wsp") {
			rel, _ := filepath.Rel(root, strings.TrimSuffix(path, ".wsp"))
			if name := strings.ReplaceAll(rel, string(filepath.Separator), "."); !strings.HasPrefix(name, "carbon.") {
				names = append(names, name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// Fetch reads a metric's whisper file: the points from one time to another, gaps left out. It returns an error while there is no such file.
func (c *Carbon) Fetch(name string, from, until time.Time) ([]Point, error) {
	path := filepath.Join(c.Dir, "whisper", filepath.FromSlash(strings.ReplaceAll(name, ".", "/"))+".wsp")
	const script = `import json, sys, whisper
(start, end, step), values = whisper.fetch(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
print(json.dumps([[start + i*step, v] for i, v in enumerate(values) if v is not None]))`
	cmd := exec.Command(python, "-c", script, path, fmt.Sprint(from.Unix()-1), fmt.Sprint(until.Unix()))
	out, err := cmd.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, failed.Stderr)
		}
		return nil, fmt.Errorf("whisper file of %s: %w", name, err)
	}
	var pairs [][2]float64
	if err := json.Unmarshal(out, &pairs); err != nil {
		return nil, fmt.Errorf("whisper file of %s: %w: %s", name, err, out)
	}
	points := make([]Point, len(pairs))
	for i, p := range pairs {
		points[i] = Point{time.Unix(int64(p[0]), 0), p[1]}
	}
	return points, nil
}
