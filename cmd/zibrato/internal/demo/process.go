package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// An order is what the parent tells a child when it starts: where to publish, and which part to play.
type order struct {
	Endpoint string
	Service  *ServiceConfig `json:",omitempty"`
	Load     *LoadConfig    `json:",omitempty"`
}

// A message is what a child tells its parent.
type message struct {
	Ready *Ready `json:",omitempty"` // a service, when it can be searched
	Cost  *Cost  `json:",omitempty"` // at the end
	Error string `json:",omitempty"` // why it ends when it was not asked to
}

// A child is a process of the demo, seen from the parent.
type child struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser // closing it asks the child to end
	ready chan Ready     // a service's, once
	ended chan struct{}  // closed when the child has ended; cost and err are set by then
	cost  *Cost          // nil if it did not come to tell
	err   error
}

// startChild starts argv with the child's name as its last argument, and gives it its order. What the child writes to
// its stderr goes to stderr. If it ends without having been dismissed, or after that, it is sent to ended, which must
// have room.
func startChild(argv []string, name string, o order, stderr io.Writer, ended chan<- *child) (*child, error) {
	c := &child{
		name:  name,
		cmd:   exec.Command(argv[0], append(argv[1:len(argv):len(argv)], name)...),
		ready: make(chan Ready, 1),
		ended: make(chan struct{}),
	}
	c.cmd.Stderr = stderr
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		c.listen(stdout)
		ended <- c
	}()
	// A pipe takes these few bytes at once. That a child has ended already is found out by listening.
	_ = json.NewEncoder(c.stdin).Encode(o)
	return c, nil
}

// listen takes down what the child says until it ends.
func (c *child) listen(stdout io.Reader) {
	defer close(c.ended)
	var complaint string
	says := json.NewDecoder(stdout)
	for {
		var m message
		if err := says.Decode(&m); err != nil {
			break // it has ended, or talks nonsense
		}
		if m.Ready != nil {
			select {
			case c.ready <- *m.Ready:
			default: // said before
			}
		}
		if m.Cost != nil {
			c.cost = m.Cost
		}
		if m.Error != "" {
			complaint = m.Error
		}
	}
	_, _ = io.Copy(io.Discard, stdout)
	err := c.cmd.Wait()
	switch {
	case complaint != "":
		c.err = fmt.Errorf("%s: %s", c.name, complaint)
	case err != nil:
		c.err = fmt.Errorf("%s: %w", c.name, err)
	}
}

// dismiss asks the child to end.
func (c *child) dismiss() { _ = c.stdin.Close() }

// wait returns how a child that was dismissed ended. One that has not by the deadline is killed.
func (c *child) wait(deadline time.Time) error {
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	select {
	case <-c.ended:
		return c.err
	case <-late.C:
	}
	_ = c.cmd.Process.Kill()
	<-c.ended
	return fmt.Errorf("%s: took too long to end and was killed", c.name)
}
