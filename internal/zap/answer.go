package zap

import (
	"sync"

	"github.com/zibrato/zibrato/keys"
)

// The statuses of a reply that are used here. The peer is told of both.
const (
	granted = "200"
	refused = "400"
)

// version is of the protocol, and stands first in requests and replies.
const version = "1.0"

// Decide tells whether who holds the secret half of the key may connect from the address, which is empty for ipc. It is called by one
// goroutine for the whole process, and should take no time.
type Decide func(key keys.Public, address string) bool

// domains are what sockets were told to ask for, and who answers for each.
type domains struct {
	mu sync.Mutex
	of map[string]Decide
}

func (d *domains) set(name string, decide Decide) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.of[name] = decide
}

// forget takes a domain out, and reports whether none is left.
func (d *domains) forget(name string) (none bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.of, name)
	return len(d.of) == 0
}

func (d *domains) find(name string) Decide {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.of[name]
}

// The frames of a request.
const (
	frameVersion = iota
	frameRequest
	frameDomain
	frameAddress
	frameIdentity
	frameMechanism
	frameKey // with CURVE the only credential, of 32 bytes
	frames
)

// answer returns the frames of the reply to a request. Whatever is not granted is refused: an unknown domain, another mechanism, a request
// of another form.
func (d *domains) answer(request [][]byte) []string {
	id := ""
	if len(request) > frameRequest {
		id = string(request[frameRequest])
	}
	key, ok := d.allowed(request)
	if !ok {
		return []string{version, id, refused, "not allowed", "", ""}
	}
	return []string{version, id, granted, "OK", key.String(), ""}
}

func (d *domains) allowed(request [][]byte) (keys.Public, bool) {
	if len(request) != frames || string(request[frameVersion]) != version || string(request[frameMechanism]) != "CURVE" || len(request[frameKey]) != len(keys.Public{}) {
		return keys.Public{}, false
	}
	decide := d.find(string(request[frameDomain]))
	key := keys.Public(request[frameKey])
	return key, decide != nil && !key.IsZero() && decide(key, string(request[frameAddress]))
}
