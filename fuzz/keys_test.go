package fuzz

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zibrato/zibrato/keys"
)

// FuzzKeyFiles reads files that were meant to be keys or lists of them. What is taken for a key has to stand there, and errors have to keep what
// stands there to themselves.
func FuzzKeyFiles(f *testing.F) {
	const public, secret = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs" // of libzmq's manual
	for _, s := range []string{
		"", public, public + "\n", "zibrato-public-key " + public + " web1\n", "# who may\n\n" + public + "\r\nzibrato-public-key\t" + public,
		"zibrato-secret-key " + secret + "\n", "zibrato-secret-key " + public, "zibrato-secret-key", "zibrato-public-key", public + public, public[:39],
		strings.Repeat("0", 40), strings.Repeat("#", 40), "# \n#\n \n", public + "\x00", strings.Repeat("\n", 5000),
	} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := errors.Join(os.Remove(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		check := func(key keys.Public, err error) {
			if err != nil {
				discreet(t, err, text)
				return
			}
			if key.IsZero() || !strings.Contains(string(text), key.String()) {
				t.Fatalf("%q is read as %q", text, key)
			}
		}
		check(keys.ParsePublic(string(text)))
		check(keys.LoadPublic(path))
		pair, err := keys.LoadPair(path)
		if err != nil {
			discreet(t, err, text)
		} else if string(text) != "" && strings.Join(strings.Fields(string(text)), " ") != "zibrato-secret-key "+pair.Secret() {
			t.Fatalf("%q is read as the pair %v", text, pair)
		}
		set, changed, err := keys.NewList(path).Load()
		if err != nil {
			discreet(t, err, text)
		} else if !changed || len(set) > strings.Count(string(text), "\n")+1 {
			t.Fatalf("%q is a list of %d keys, changed: %v", text, len(set), changed)
		}
		for key := range set {
			check(key, nil)
		}
	})
}

// discreet fails if the error quotes anything that is as long as a secret is.
func discreet(t *testing.T, err error, text []byte) {
	for field := range strings.FieldsSeq(string(text)) {
		if len(field) >= 39 && strings.Contains(err.Error(), field) {
			t.Fatalf("%q quotes the file", err)
		}
	}
}
