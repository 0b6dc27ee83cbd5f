// Package logbook keeps what is logged, for tests to read.
package logbook

import (
	"bytes"
	"log/slog"
	"sync"
)

// Book is what was written. The zero value is empty. It may be written and read by several goroutines at once.
type Book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *Book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String is all that was written so far.
func (b *Book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Logger writes lines of key=value pairs to the book, from level info on.
func (b *Book) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
