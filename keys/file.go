package keys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxKeyFile is far more than a key's file has, and keeps a wrong path, to a device for instance, from doing harm.
const maxKeyFile = 4096

// The ends of the names of key files.
const (
	SecretExt = ".key"
	PublicExt = ".pub"
)

// LoadPair reads a secret key's file. It refuses a file that others than its owner may read, write or execute; the group root may
// read it, as it may what systemd's LoadCredential= provides. Errors hold nothing of the file.
func LoadPair(path string) (Pair, error) {
	text, info, err := readSmall(path)
	if err != nil {
		return Pair{}, fmt.Errorf("keys: %w", err)
	}
	if strings.HasPrefix(text, publicWord) {
		return Pair{}, fmt.Errorf("keys: %s: this is a public key: want the file of the secret one", path)
	}
	if !private(info) {
		return Pair{}, fmt.Errorf("keys: %s: others may read this secret key (mode %#o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	pair, err := parsePair(text)
	if err != nil {
		return Pair{}, fmt.Errorf("keys: %s: %w", path, err)
	}
	return pair, nil
}

func parsePair(text string) (Pair, error) {
	fields := strings.Fields(text)
	if len(fields) != 2 || fields[0] != secretWord {
		return Pair{}, fmt.Errorf("no secret key: want a line %q and %d characters of Z85, as zibrato keygen writes it", secretWord, textLen)
	}
	secret, ok := decode(fields[1])
	if !ok {
		return Pair{}, fmt.Errorf("no secret key: what follows %q is not %d characters of Z85", secretWord, textLen)
	}
	return pairOf(secret)
}

// LoadPublic reads a public key's file, which holds nothing else.
func LoadPublic(path string) (Public, error) {
	text, _, err := readSmall(path)
	if err != nil {
		return Public{}, fmt.Errorf("keys: %w", err)
	}
	if line := strings.TrimSpace(text); strings.Contains(line, "\n") {
		return Public{}, fmt.Errorf("keys: %s: more than one line: want one public key", path)
	}
	key, err := ParsePublic(text)
	if err != nil {
		return Public{}, fmt.Errorf("keys: %s: %w", path, err)
	}
	return key, nil
}

func readSmall(path string) (string, fs.FileInfo, error) {
	text, info, err := read(path, maxKeyFile)
	return string(text), info, err
}

// read reads a regular file of at most so many bytes. It never waits for a writer, as reading a pipe would.
func read(path string, most int64) ([]byte, fs.FileInfo, error) {
	// First by name: opening some devices does something, opening a pipe waits.
	if info, err := os.Stat(path); err != nil {
		return nil, nil, err
	} else if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, nil, err
	}
	if int64(len(text)) > most {
		return nil, nil, fmt.Errorf("%s: larger than %d bytes", path, most)
	}
	return text, info, nil
}

// Save writes name.key, which its owner alone may read, and name.pub, which everybody may, and makes sure that they are on the disk.
// It replaces files that are there only if told so; if it is not, and one of them is there, it writes neither. The comment
// goes into the public file, behind the key; control characters in it become spaces.
func (p Pair) Save(name, comment string, replace bool) error {
	if p.IsZero() {
		return errors.New("keys: there is no pair to save")
	}
	secret, public := name+SecretExt, name+PublicExt
	if !replace {
		for _, path := range []string{secret, public} {
			if _, err := os.Lstat(path); err == nil {
				return fmt.Errorf("keys: %s is there already, and whoever knows that key would be shut out: %w", path, fs.ErrExist)
			} else if !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("keys: %w", err)
			}
		}
	}
	comment = strings.Join(strings.Fields(strings.Map(printable, comment)), " ")
	line := strings.TrimSpace(publicWord + " " + p.public.String() + " " + comment)
	if err := write(secret, secretWord+" "+p.Secret()+"\n", 0o600, replace); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := write(public, line+"\n", 0o644, replace); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

// write makes a file with this mode whatever the umask is, whole or not at all. A link that stands there is replaced, not followed.
func write(path, text string, mode fs.FileMode, replace bool) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails where it was renamed
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if replace {
		return os.Rename(f.Name(), path)
	}
	return os.Link(f.Name(), path) // which fails if somebody made it meanwhile
}
