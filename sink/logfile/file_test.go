package logfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// window is the nth window, of so many counters c.<n>.0, c.<n>.1 and so on.
func window(n, series int) *metric.Window {
	w := &metric.Window{Start: time.Unix(int64(n), 0)}
	for i := range series {
		s := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: fmt.Sprintf("c.%d.%d", n, i)}
		w.Series = append(w.Series, metric.Aggregate{Series: s, Count: 1, IntSum: 1})
	}
	return w
}

// size is how many bytes the window takes.
func size(w *metric.Window) (n int64) {
	for i := range w.Series {
		n += int64(len(appendLine(nil, appendTime(nil, w.Start), &w.Series[i])))
	}
	return n
}

// names returns the names in a file, in order; the lines must be whole and valid.
func names(t *testing.T, path string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	points, err := parse(text)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, p := range points {
		names = append(names, p.Name)
	}
	return names
}

// contents returns the names in each file of a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, e := range entries {
		all[e.Name()] = strings.Join(names(t, filepath.Join(dir, e.Name())), " ")
	}
	return all
}

func expect(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, contents(t, dir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// open opens a sink on metrics.log in a new directory.
func open(t *testing.T, cfg Config) (s *Sink, dir string) {
	t.Helper()
	dir = t.TempDir()
	cfg.Path = filepath.Join(dir, "metrics.log")
	return reopen(t, cfg), dir
}

// reopen opens a sink and closes it when the test ends.
func reopen(t *testing.T, cfg Config) *Sink {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	closing(t, s)
	return s
}

func TestFilesRotateBetweenWindows(t *testing.T) {
	// Two windows just fit.
	s, dir := open(t, Config{MaxBytes: 2 * size(window(1, 2)), Keep: 2})
	for n := 1; n <= 3; n++ {
		write(t, s, window(n, 2))
	}
	expect(t, dir, map[string]string{"metrics.log": "c.3.0 c.3.1", "metrics.log.1": "c.1.0 c.1.1 c.2.0 c.2.1"})
	for n := 4; n <= 8; n++ {
		write(t, s, window(n, 2))
	}
	expect(t, dir, map[string]string{
		"metrics.log": "c.7.0 c.7.1 c.8.0 c.8.1", "metrics.log.1": "c.5.0 c.5.1 c.6.0 c.6.1", "metrics.log.2": "c.3.0 c.3.1 c.4.0 c.4.1",
	})
}

func TestAWindowLargerThanAFileStaysInOne(t *testing.T) {
	s, dir := open(t, Config{MaxBytes: 1})
	write(t, s, window(1, 3))
	write(t, s, window(2, 3))
	expect(t, dir, map[string]string{"metrics.log": "c.2.0 c.2.1 c.2.2", "metrics.log.1": "c.1.0 c.1.1 c.1.2"})
}

func TestRotationCountsWhatTheFileHeldBefore(t *testing.T) {
	s, dir := open(t, Config{MaxBytes: 2 * size(window(1, 2))})
	write(t, s, window(1, 3))
	s = reopen(t, Config{Path: filepath.Join(dir, "metrics.log"), MaxBytes: 2 * size(window(1, 2))})
	write(t, s, window(2, 2))
	expect(t, dir, map[string]string{"metrics.log": "c.2.0 c.2.1", "metrics.log.1": "c.1.0 c.1.1 c.1.2"})
}

func TestNegativeMaxBytesNeverRotates(t *testing.T) {
	s, dir := open(t, Config{MaxBytes: -1})
	for n := 1; n <= 3; n++ {
		write(t, s, window(n, 1))
	}
	expect(t, dir, map[string]string{"metrics.log": "c.1.0 c.2.0 c.3.0"})
}

func TestNegativeKeepKeepsNone(t *testing.T) {
	s, dir := open(t, Config{MaxBytes: 1, Keep: -1})
	for n := 1; n <= 3; n++ {
		write(t, s, window(n, 1))
	}
	expect(t, dir, map[string]string{"metrics.log": "c.3.0"})
}

func TestALowerKeepRemovesWhatIsTooMuch(t *testing.T) {
	s, dir := open(t, Config{MaxBytes: 1})
	for n := 1; n <= 9; n++ {
		write(t, s, window(n, 1))
	}
	if all := contents(t, dir); len(all) != 1+DefaultKeep {
		t.Errorf("%d files by default: %v", len(all), all)
	}
	s = reopen(t, Config{Path: filepath.Join(dir, "metrics.log"), MaxBytes: 1, Keep: 1})
	write(t, s, window(10, 1))
	expect(t, dir, map[string]string{"metrics.log": "c.10.0", "metrics.log.1": "c.9.0"})
}

// A rotation that was broken off left a gap; the next fills it and loses nothing.
func TestRotationFillsGaps(t *testing.T) {
	s, dir := open(t, Config{MaxBytes: 1, Keep: 3})
	for n := 1; n <= 4; n++ {
		write(t, s, window(n, 1))
	}
	if err := os.Remove(filepath.Join(dir, "metrics.log.2")); err != nil {
		t.Fatal(err)
	}
	write(t, s, window(5, 1))
	expect(t, dir, map[string]string{"metrics.log": "c.5.0", "metrics.log.1": "c.4.0", "metrics.log.2": "c.3.0", "metrics.log.3": "c.1.0"})
}

func TestARotationThatFailsLosesNothing(t *testing.T) {
	s, dir := open(t, Config{MaxBytes: 1, Keep: 1})
	write(t, s, window(1, 1))
	blocked := filepath.Join(dir, "metrics.log.1")
	if err := os.MkdirAll(filepath.Join(blocked, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	err := s.Write(t.Context(), window(2, 1))
	if _, retry := backend.RetryAfter(err); !retry || !strings.Contains(err.Error(), "rotate") || !strings.Contains(err.Error(), blocked) {
		t.Errorf("error %v", err)
	}
	if err := os.RemoveAll(blocked); err != nil {
		t.Fatal(err)
	}
	write(t, s, window(2, 1))
	expect(t, dir, map[string]string{"metrics.log": "c.2.0", "metrics.log.1": "c.1.0"})
}

func TestAFileRenamedByOthersIsFollowed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows renames no open file")
	}
	s, dir := open(t, Config{})
	path := filepath.Join(dir, "metrics.log")
	write(t, s, window(1, 1))
	if err := os.Rename(path, path+"-old"); err != nil {
		t.Fatal(err)
	}
	write(t, s, window(2, 1))
	expect(t, dir, map[string]string{"metrics.log-old": "c.1.0", "metrics.log": "c.2.0"})

	// logrotate with "create": the new file is there before we are back.
	if err := errors.Join(os.Rename(path, path+"-newer"), os.WriteFile(path, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	write(t, s, window(3, 1))
	expect(t, dir, map[string]string{"metrics.log-old": "c.1.0", "metrics.log-newer": "c.2.0", "metrics.log": "c.3.0"})

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, s, window(4, 1))
	// logrotate with "copytruncate".
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, s, window(5, 1))
	expect(t, dir, map[string]string{"metrics.log-old": "c.1.0", "metrics.log-newer": "c.2.0", "metrics.log": "c.5.0"})
}

func TestAPathIsTheOneThatItWas(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	s := reopen(t, Config{Path: "metrics.log", MaxBytes: 1})
	write(t, s, window(1, 1))
	t.Chdir(t.TempDir())
	write(t, s, window(2, 1))
	expect(t, dir, map[string]string{"metrics.log": "c.2.0", "metrics.log.1": "c.1.0"})
}

func TestADirectoryThatWentAwayIsRetried(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows renames no directory of an open file")
	}
	s, dir := open(t, Config{})
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	err := s.Write(t.Context(), window(1, 1))
	if _, retry := backend.RetryAfter(err); !retry || !strings.Contains(err.Error(), "create the directory "+dir) {
		t.Errorf("error %v", err)
	}
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	write(t, s, window(1, 1))
	expect(t, dir, map[string]string{"metrics.log": "c.1.0"})
}

func TestAnExistingFileIsContinued(t *testing.T) {
	whole := string(appendLine(nil, []byte(`"2026-01-01T00:00:00Z"`), &window(7, 1).Series[0]))
	tail := `{"time":"` + strings.Repeat("x", tornMax-len(`{"time":"`))
	longest := `{"x":"` + strings.Repeat("x", 2*tornMax) + `"}`
	for _, test := range []struct{ name, before, after string }{
		{"empty", "", ""},
		{"whole", whole, whole},
		{"torn after a whole line", whole + whole[:len(whole)-1], whole},
		{"torn in its first line", whole[:20], ""},
		{"torn in its first field", whole + whole[:3], whole},
		{"somebody else's, without a line break", `{"other":1}`, `{"other":1}` + "\n"},
		{"somebody else's last line", whole + `{"other":1}`, whole + `{"other":1}` + "\n"},
		{"somebody else's long line", longest, longest + "\n"},
		{"somebody else's long line that looks like ours at its end", longest + tail, longest + tail + "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "metrics.log")
			if err := os.WriteFile(path, []byte(test.before), 0o600); err != nil {
				t.Fatal(err)
			}
			w := window(1, 1)
			write(t, reopen(t, Config{Path: path}), w)
			got, err := os.ReadFile(path)
			want := test.after + string(appendLine(nil, appendTime(nil, w.Start), &w.Series[0]))
			if err != nil || string(got) != want {
				t.Errorf("%v, %d bytes:\n%.200q\ninstead of\n%.200q", err, len(got), got, want)
			}
		})
	}
}

// What could not be removed at once is removed before anything else is written, unless somebody else has.
func TestAPartLeftBehindIsRemovedLater(t *testing.T) {
	f := newFile(Config{Path: filepath.Join(t.TempDir(), "metrics.log")})
	if err := f.open(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		undo int64
		want string
	}{{4, "one\ntwo\n"}, {100, "one\ntwo\n{\"tortwo\n"}} {
		if test.undo == 4 {
			f.f.WriteString("one\n")
		}
		f.f.WriteString(`{"tor`)
		f.undo = test.undo
		if _, err := f.Write([]byte("two\n")); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(f.path); err != nil || string(got) != test.want {
			t.Errorf("%v, %q instead of %q", err, got, test.want)
		}
	}
	f.f.WriteString(`{"tor`)
	f.undo = 0
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(f.path); err != nil || len(got) > 0 {
		t.Errorf("%v, %q after Close", err, got)
	}
}

func TestModeIsTheNewFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such permissions")
	}
	for cfg, want := range map[os.FileMode]os.FileMode{0: DefaultMode, 0o600: 0o600} {
		s, dir := open(t, Config{Mode: cfg, MaxBytes: 1})
		write(t, s, window(1, 1))
		write(t, s, window(2, 1))
		for _, name := range []string{"metrics.log", "metrics.log.1"} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != want {
				t.Errorf("%s: %v, %v instead of %v", name, err, info.Mode(), want)
			}
		}
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "no", "metrics.log")
	for _, test := range []struct {
		name string
		cfg  Config
		want []string
	}{
		{"both", Config{Path: "x", Writer: os.Stderr}, []string{"Config.Path and Config.Writer"}},
		{"mode", Config{Path: filepath.Join(dir, "x"), Mode: os.ModeDir | 0o600}, []string{"Config.Mode"}},
		{"no directory", Config{Path: missing}, []string{"Config.Path", missing, "create the directory " + filepath.Dir(missing)}},
		{"a directory", Config{Path: dir}, []string{"Config.Path", dir, "name a file in that directory"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := New(test.cfg)
			if err == nil {
				closing(t, s)
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if text := err.Error(); !strings.Contains(text, want) || strings.Contains(text, "\n") || !strings.HasPrefix(text, "logfile: ") {
					t.Errorf("%q is not in one line: %s", want, text)
				}
			}
		})
	}
}

func TestASinkIsNamedByItsPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	s, err := New(Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	if got, want := s.String(), "logfile "+path; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
