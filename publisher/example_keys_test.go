//go:build cgo

package publisher_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/keys"
	"github.com/zibrato/zibrato/publisher"
	"github.com/zibrato/zibrato/subscriber"
)

// A link whose both halves are encrypted, and closed to all but those on the forwarder's list. docs/encryption.md makes the same of two hosts.
func Example_keys() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	pairs := map[string]keys.Pair{}
	for _, name := range []string{"forwarder", "web1", "backend"} {
		pair, err := keys.Generate()
		if err != nil {
			log.Fatal(err)
		}
		if err := pair.Save(filepath.Join(dir, name), name, false); err != nil { // as zibrato keygen does
			log.Fatal(err)
		}
		if pairs[name], err = keys.LoadPair(filepath.Join(dir, name+".key")); err != nil {
			log.Fatal(err)
		}
	}
	server := pairs["forwarder"].Public() // on other hosts: keys.LoadPublic

	fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:*", Out: "tcp://127.0.0.1:*", Key: pairs["forwarder"], Allow: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer fwd.Close()
	sub, err := subscriber.Start(subscriber.Config{From: fwd.OutAddr(), Key: pairs["backend"], ServerKey: server})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	rec := zibrato.New(zibrato.Config{Source: "web1"})
	defer rec.Close()
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: fwd.InAddr(), Key: pairs["web1"], ServerKey: server})
	if err != nil {
		log.Fatal(err)
	}
	defer pub.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println("an error:", pub.WaitSubscriber(ctx, zibrato.LevelInfo))
	fmt.Println("refused:", fwd.Stats().Refused[forwarder.RefusedKey])
	// Output:
	// an error: <nil>
	// refused: 0
}
