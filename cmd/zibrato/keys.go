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
	KeyFile       string `placeholder:"FILE" help:"The secret key of this side, as zibrato keygen writes it. Goes with --server-key."`
	ServerKey     string `placeholder:"FILE" help:"The file of the forwarder's public key, or the line in it."`
	NextServerKey string `placeholder:"FILE" help:"The same of the key that the forwarder is about to have; tried in turn with --server-key."`
}

// peerKeys are what a peer needs; the zero of it is no encryption.
type peerKeys struct {
	own          keys.Pair
	server, next keys.Public
}

// keys are what the flags name; none if there are no flags.
func (p peering) keys() (k peerKeys, err error) {
	switch {
	case p == peering{}:
		return k, nil
	case p.KeyFile == "":
		return k, usageError{errors.New("--key-file: missing beside --server-key: a forwarder with a key serves only those who have one, too; make one with zibrato keygen")}
	case p.ServerKey == "":
		return k, usageError{errors.New("--server-key: missing beside --key-file: want the forwarder's public key, without which anybody could pose as it")}
	}
	if k.own, err = loadPair(p.KeyFile); err != nil {
		return k, err
	}
	if k.server, err = loadPublic("--server-key", p.ServerKey); err != nil || p.NextServerKey == "" {
		return k, err
	}
	k.next, err = loadPublic("--next-server-key", p.NextServerKey)
	return k, err
}

// loadPublic reads the value of a flag: a key's file, or the line in it.
func loadPublic(flag, value string) (key keys.Public, err error) {
	if strings.HasPrefix(value, "zibrato-") {
		key, err = keys.ParsePublic(value)
	} else {
		key, err = keys.LoadPublic(value)
	}
	if err != nil {
		return key, usageError{flagTerms(fmt.Errorf("%s: %w", flag, err), "keys: ", "")}
	}
	return key, nil
}

func loadPair(path string) (keys.Pair, error) {
	pair, err := keys.LoadPair(path)
	if err != nil {
		return pair, usageError{flagTerms(fmt.Errorf("--key-file: %w", err), "keys: ", "")}
	}
	return pair, nil
}
