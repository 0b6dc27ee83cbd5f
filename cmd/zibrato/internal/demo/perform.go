package demo

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	shards = 2 // services, each with one part of the corpus
	// farewell is how long all children together have to end before they are killed. They need a few milliseconds where
	// the machine has time for them.
	farewell = 5 * time.Second
)

// A performance is the demo's children, from their start to their end.
type performance struct {
	o        Options
	endpoint string   // where the children publish
	children []*child // the services, then the load
	ended    chan *child
}

// perform starts the services and, when they are ready, the load; when ctx ends it ends them all, and returns them. It
// fails when one of them ends before.
func perform(ctx context.Context, o Options, endpoint string) ([]*child, error) {
	p := &performance{o: o, endpoint: endpoint, ended: make(chan *child, shards+1)}
	err := p.play(ctx)
	if stopErr := p.stop(); err == nil { // how the others fared after one has failed is of no interest
		err = stopErr
	}
	return p.children, err
}

func (p *performance) play(ctx context.Context) error {
	limits := p.o.Limits
	limits.Shards = shards
	for limits.Shard = range shards {
		part := &ServiceConfig{Corpus: p.o.Corpus, Limits: limits}
		if err := p.start(fmt.Sprint("service-", limits.Shard), order{Service: part}); err != nil {
			return err
		}
	}
	urls, err := p.await(ctx)
	if err != nil || ctx.Err() != nil {
		return err
	}
	part := &LoadConfig{Services: urls, Corpus: p.o.Corpus, Limits: p.o.Limits, Rate: p.o.Rate}
	if err := p.start("load", order{Load: part}); err != nil {
		return err
	}
	select {
	case c := <-p.ended:
		return tooEarly(c)
	case <-ctx.Done():
		return nil
	}
}

func (p *performance) start(name string, o order) error {
	o.Endpoint = p.endpoint
	c, err := startChild(p.o.Argv, name, o, p.o.Stderr, p.ended)
	if err != nil {
		return err
	}
	p.children = append(p.children, c)
	return nil
}

// await returns the services' URLs when all can be searched.
func (p *performance) await(ctx context.Context) ([]string, error) {
	var urls []string
	for _, service := range p.children {
		select {
		case r := <-service.ready:
			urls = append(urls, r.URL)
			fmt.Fprintf(p.o.Stdout, "%s: searches %d files (%s), indexed in %s, at %s\n", service.name, r.Documents,
				formatValue(float64(r.Bytes), "By"), formatValue(r.Took.Seconds(), "s"), r.URL)
		case c := <-p.ended:
			return nil, tooEarly(c)
		case <-ctx.Done():
			return nil, nil
		}
	}
	return urls, nil
}

func tooEarly(c *child) error {
	if c.err != nil {
		return c.err
	}
	return fmt.Errorf("%s: ended too early", c.name)
}

// stop ends the children: the load first, so that no query finds its service gone.
func (p *performance) stop() error {
	deadline := time.Now().Add(farewell)
	services := p.children[:min(shards, len(p.children))]
	load := p.children[len(services):]
	var errs []error
	for _, together := range [][]*child{load, services} {
		for _, c := range together {
			c.dismiss()
		}
		for _, c := range together {
			errs = append(errs, c.wait(deadline))
		}
	}
	return errors.Join(errs...)
}
