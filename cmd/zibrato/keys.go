//go:build cgo

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/zibrato/zibrato/keys"
)

// peering are the flags of every command that connects to a forwarder.
type peering struct {
	KeyFile   string `placeholder:"FILE" help:"The secret key of this side, as zibrato keygen writes it. Goes with --server-key."`
	ServerKey string `placeholder:"FILE" help:"The file of the forwarder's public key, or the line in it."`
}

// keys are what the flags name; none if there are no flags.
func (p peering) keys() (own keys.Pair, server keys.Public, err error) {
	switch {
	case p.KeyFile == "" && p.ServerKey == "":
		return own, server, nil
	case p.KeyFile == "":
		return own, server, usageError{errors.New("--key-file: missing beside --server-key: a forwarder with a key serves only those who have one, too; make one with zibrato keygen")}
	case p.ServerKey == "":
		return own, server, usageError{errors.New("--server-key: missing beside --key-file: want the forwarder's public key, without which anybody could pose as it")}
	}
	if own, err = loadPair(p.KeyFile); err != nil {
		return own, server, err
	}
	if strings.HasPrefix(p.ServerKey, "zibrato-") {
		server, err = keys.ParsePublic(p.ServerKey)
	} else {
		server, err = keys.LoadPublic(p.ServerKey)
	}
	if err != nil {
		return own, server, usageError{flagTerms(fmt.Errorf("--server-key: %w", err), "keys: ", "")}
	}
	return own, server, nil
}

func loadPair(path string) (keys.Pair, error) {
	pair, err := keys.LoadPair(path)
	if err != nil {
		return pair, usageError{flagTerms(fmt.Errorf("--key-file: %w", err), "keys: ", "")}
	}
	return pair, nil
}
