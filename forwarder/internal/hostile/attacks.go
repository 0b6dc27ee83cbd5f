//go:build cgo

package main

import (
	"context"
	"sync"

	"github.com/zibrato/zibrato/forwarder/internal/attack"
)

// honest is the topic of the honest messages.
const honest = "honest|"

type scenario struct {
	name  string
	what  string // for the table
	files uint64 // the forwarder's limit on open files; 0: what this process has
	near  bool   // from the address that the honest peers have, too
	do    func(context.Context, attack.Target)
}

var attacks = []scenario{
	{"none", "none", 0, false, func(ctx context.Context, t attack.Target) { <-ctx.Done() }},
	{"silent", "5,000 silent connections", 0, false, func(ctx context.Context, t attack.Target) { attack.Silent(ctx, t, 5000) }},
	{"drip", "5,000 that greet a byte at a time", 0, false, func(ctx context.Context, t attack.Target) { attack.Drip(ctx, t, 5000) }},
	{"slowloris", "5,000 silent and 5,000 dripping", 0, false, func(ctx context.Context, t attack.Target) {
		together(func() { attack.Silent(ctx, t, 5000) }, func() { attack.Drip(ctx, t, 5000) })
	}},
	{"reconnect", "64 that connect and close in loops", 0, false, func(ctx context.Context, t attack.Target) { attack.Reconnect(ctx, t, 64) }},
	{"files", "1,000 silent, 64 open files allowed", 64, false, func(ctx context.Context, t attack.Target) { attack.Silent(ctx, t, 1000) }},
	{"garbage", "32 that send random bytes", 0, false, func(ctx context.Context, t attack.Target) { attack.Garbage(ctx, t, 32) }},
	{"topics-1", "topics of 1 to 64 bytes without end, from 1", 0, false, func(ctx context.Context, t attack.Target) { attack.Topics(ctx, t, 1, 1, 64) }},
	{"topics-near", "the same from an address that honest peers share", 0, true, func(ctx context.Context, t attack.Target) { attack.Topics(ctx, t, 1, 1, 64) }},
	{"topics-near-10", "the same from 10", 0, true, func(ctx context.Context, t attack.Target) { attack.Topics(ctx, t, 10, 1, 64) }},
	{"topics-100", "topics of 1 to 64 bytes without end, from 100", 0, false, func(ctx context.Context, t attack.Target) { attack.Topics(ctx, t, 100, 1, 64) }},
	{"topics-long", "topics of 65 to 240 bytes without end, from 10", 0, false, func(ctx context.Context, t attack.Target) { attack.Topics(ctx, t, 10, 65, 240) }},
	{"topics-overlong", "topics of 64 KiB and 8 MiB, from 8", 0, false, func(ctx context.Context, t attack.Target) {
		together(func() { attack.Overlong(ctx, t, 4, 64<<10) }, func() { attack.Overlong(ctx, t, 4, 8<<20) })
	}},
	{"toggle", "subscriptions and withdrawals in loops, from 10", 0, false, func(ctx context.Context, t attack.Target) { attack.Toggle(ctx, t, 10) }},
	{"multipart-small", "endless messages of 1 B frames, from 1", 0, false, func(ctx context.Context, t attack.Target) { attack.Multipart(ctx, t, 1, 1) }},
	{"multipart-large", "endless messages of 64 KiB frames, from 4", 0, false, func(ctx context.Context, t attack.Target) { attack.Multipart(ctx, t, 4, 64<<10) }},
	{"huge", "frames of 4 GiB, from 8", 0, false, func(ctx context.Context, t attack.Target) { attack.Huge(ctx, t, 8) }},
	{"fast-small", "4 publishers of 64 B messages at full speed", 0, false, func(ctx context.Context, t attack.Target) { attack.Publish(ctx, t, 4, 64, "other|") }},
	{"fast-large", "4 publishers of 8 MiB messages at full speed", 0, false, func(ctx context.Context, t attack.Target) { attack.Publish(ctx, t, 4, 8<<20-1, "other|") }},
	{"stalled-1", "1 that reads nothing of 64 KiB messages at full speed", 0, false, stalled(1, false)},
	{"stalled-5", "5 such", 0, false, stalled(5, false)},
	{"stalled-50", "50 such", 0, false, stalled(50, false)},
	{"slow-50", "50 that read a little of them", 0, false, stalled(50, true)},
	{"stalled-small", "50 that read nothing of 100 B messages at full speed", 0, false, func(ctx context.Context, t attack.Target) {
		together(func() { attack.Publish(ctx, t, 1, 100, "stalled|") }, func() { attack.Stalled(ctx, t, 50, "stalled|", false) })
	}},
	{"all", "50 stalled, 10 with topics without end, 2 with endless messages", 0, false, func(ctx context.Context, t attack.Target) {
		together(
			func() { stalled(50, false)(ctx, t) },
			func() { attack.Topics(ctx, t, 10, 1, 64) },
			func() { attack.Multipart(ctx, t, 1, 1) },
			func() { attack.Multipart(ctx, t, 1, 64<<10) },
		)
	}},
}

func stalled(n int, slow bool) func(context.Context, attack.Target) {
	return func(ctx context.Context, t attack.Target) {
		together(func() { attack.Publish(ctx, t, 1, 64<<10, "stalled|") }, func() { attack.Stalled(ctx, t, n, "stalled|", slow) })
	}
}

func together(do ...func()) {
	var all sync.WaitGroup
	for _, f := range do {
		all.Go(f)
	}
	all.Wait()
}
