package logfile_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/logfile"
)

// A writer of the program's own, which the sink leaves open.
func ExampleConfig() {
	var lines bytes.Buffer
	s, err := logfile.New(logfile.Config{Writer: &lines})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Write(context.Background(), example()); err != nil {
		fmt.Println(err)
	}
	if err := s.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(bytes.Count(lines.Bytes(), []byte("\n")), "line")
	// Output: 1 line
}

// One line for each series of a window; where logrotate is at work, the sink does not rotate.
func ExampleSink_Write() {
	path, done := somewhere()
	defer done()
	s, err := logfile.New(logfile.Config{Path: path, MaxBytes: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close(context.Background())
	window := example()
	prints := window.Series[0]
	prints.Series = &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "pages.printed", Source: "orders"}
	window.Series = append(window.Series, prints)
	if err := s.Write(context.Background(), window); err != nil {
		fmt.Println(err)
	}
	text, err := os.ReadFile(path)
	fmt.Println(bytes.Count(text, []byte("\n")), err)
	// Output: 2 <nil>
}

func ExampleSink_Close() {
	s, err := logfile.New(logfile.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Close(context.Background()))
	fmt.Println(s.Write(context.Background(), example()) != nil)
	// Output:
	// <nil>
	// true
}
