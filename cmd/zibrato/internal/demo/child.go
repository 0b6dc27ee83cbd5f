//go:build cgo

package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/publisher"
)

// Child is what a child of [Run] does: it reads from stdin which part to play, plays it until stdin or ctx ends, and
// tells on stdout, in lines of JSON, when it is ready and what its instrumentation cost, or what went wrong: its parent
// then says so. It returns an error when it cannot speak with its parent.
//
// A child should ignore the interrupt that a terminal sends to parent and children alike: its parent ends it when its
// turn has come. Child goes on reading stdin after ctx has ended; the process is expected to exit then.
func Child(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	var o order
	if err := json.NewDecoder(stdin).Decode(&o); err != nil {
		return fmt.Errorf("demo: order: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, stdin)
	}()

	say := json.NewEncoder(stdout)
	cost, err := o.carryOut(ctx, func(r Ready) { _ = say.Encode(message{Ready: &r}) })
	if err != nil {
		return say.Encode(message{Error: err.Error()})
	}
	return say.Encode(message{Cost: &cost})
}

// carryOut does what a program of its own does in main.
func (o order) carryOut(ctx context.Context, ready func(Ready)) (Cost, error) {
	meter, err := startMeter()
	if err != nil {
		return Cost{}, err
	}
	if err := zibrato.Configure(zibrato.Config{Source: o.source()}); err != nil {
		return Cost{}, err
	}
	pub, err := publisher.Start(publisher.Config{Endpoint: o.Endpoint, CloseTimeout: 500 * time.Millisecond})
	if err != nil {
		return Cost{}, err
	}
	if err := errors.Join(o.play(ctx, ready), pub.Close()); err != nil {
		return Cost{}, err
	}
	return meter.stop()
}

// source is what the child's measurements are filed under. Both services have the same: the backend adds them up.
func (o order) source() string {
	if o.Load != nil {
		return "load"
	}
	return "search"
}

func (o order) play(ctx context.Context, ready func(Ready)) error {
	switch {
	case o.Service != nil:
		return Service(ctx, *o.Service, ready)
	case o.Load != nil:
		return Load(ctx, *o.Load)
	default:
		return errors.New("order without a part to play")
	}
}
