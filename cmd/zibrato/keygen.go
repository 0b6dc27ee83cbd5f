//go:build cgo

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/zibrato/zibrato/keys"
)

type keygenCmd struct {
	Force   bool   `help:"Replace the files if they are there. Whoever knows the old public key has to be given the new one."`
	Comment string `placeholder:"TEXT" help:"What to write behind the public key, for those who read lists of them. By default the name and this host's."`

	Name string `arg:"" help:"Where to write, without an ending: NAME.key and NAME.pub."`
}

func (keygenCmd) Help() string {
	return `Makes a key. The secret half goes to NAME.key, which its owner alone may read, and stays on this host; the public half goes to NAME.pub, for
the others. The forwarder needs a key, and so does each program that connects to it.

Example:

    zibrato keygen /etc/zibrato/forwarder

Exit status: 0 success, 1 failure, such as a file that is there already, 2 wrong usage.`
}

func (c *keygenCmd) Run(*slog.Logger) error {
	name := strings.TrimSuffix(strings.TrimSuffix(c.Name, keys.SecretExt), keys.PublicExt)
	if base := filepath.Base(name); name == "" || strings.HasSuffix(name, "/") || base == "." || base == ".." {
		return usageError{fmt.Errorf("NAME %q: want the name of a file without its ending, such as forwarder", c.Name)}
	}
	pair, err := keys.Generate()
	if err != nil {
		return flagTerms(err, "keys: ", "")
	}
	comment := c.Comment
	if comment == "" {
		host, _ := os.Hostname() // which a comment can do without
		comment = strings.TrimSpace(filepath.Base(name) + " " + host)
	}
	if err := pair.Save(name, comment, c.Force); err != nil {
		hint := ""
		if errors.Is(err, fs.ErrExist) {
			hint = "; choose another name, or say --force"
		}
		return flagTerms(fmt.Errorf("%w%s", err, hint), "keys: ", "", ": file already exists", "")
	}
	fmt.Printf(`%[1]s  the secret key: it stays here, and nobody else may read it
%[2]s  the public key, %[3]s

For a forwarder:
    zibrato forward --key-file %[1]s --allow DIRECTORY
    where DIRECTORY holds the .pub files of those who may connect; they need %[2]s.
For a program that connects to one:
    --key-file %[1]s --server-key FORWARDER.pub
    and %[2]s goes into the forwarder's DIRECTORY.
`, name+keys.SecretExt, name+keys.PublicExt, pair.Public())
	return nil
}
