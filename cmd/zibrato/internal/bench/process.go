//go:build cgo

package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// A process is the child, seen from the parent.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	orders *json.Encoder
	says   *json.Decoder
}

// farewell is how long the child has to end by itself before it is killed.
const farewell = 5 * time.Second

// startProcess starts the child. It is killed when ctx ends. What it writes to its stderr goes to stderr.
func startProcess(ctx context.Context, argv []string, stderr io.Writer) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, argv[0], argv[1:]...)}
	p.cmd.Stderr = stderr
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.orders, p.says = json.NewEncoder(p.stdin), json.NewDecoder(stdout)
	return p, p.cmd.Start()
}

// ask gives an order and waits for the answer.
func (p *process) ask(o order) (answer, error) {
	var a answer
	if err := p.orders.Encode(o); err != nil {
		return a, fmt.Errorf("child: %w", err)
	}
	if err := p.says.Decode(&a); err != nil {
		return a, fmt.Errorf("child: %w", err)
	}
	if a.Error != "" {
		return a, errors.New("child: " + a.Error)
	}
	return a, nil
}

// end lets the child end, and waits until it has.
func (p *process) end() error {
	_ = p.stdin.Close()
	late := time.AfterFunc(farewell, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("child: %w", err)
	}
	return nil
}
