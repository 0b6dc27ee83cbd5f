//go:build cgo

package publisher_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
)

// Something else may listen where the forwarder should, and say anything. Nothing of that reaches instrumented code, and when the forwarder is
// there at last, it gets all totals.
func TestWhoeverSitsOnTheForwardersPortIsSurvived(t *testing.T) {
	junk := strings.Repeat("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03", 1000)
	for name, say := range map[string]func(c net.Conn, gone <-chan struct{}){
		"says nothing": func(c net.Conn, gone <-chan struct{}) { <-gone },
		"hangs up":     func(net.Conn, <-chan struct{}) {},
		"speaks HTTP": func(c net.Conn, _ <-chan struct{}) {
			fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
		},
		"talks no sense": func(c net.Conn, _ <-chan struct{}) { fmt.Fprint(c, junk) },
		"goes on and on": func(c net.Conn, _ <-chan struct{}) {
			for _, err := fmt.Fprint(c, junk); err == nil; _, err = fmt.Fprint(c, junk) {
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			gone, came := make(chan struct{}), make(chan struct{}, 1)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					select {
					case came <- struct{}{}:
					default:
					}
					go func() {
						defer c.Close()
						say(c, gone)
					}()
				}
			}()
			endpoint := "tcp://" + l.Addr().String()
			rec := zibrato.New(zibrato.Config{AlwaysOn: []zibrato.Level{zibrato.LevelDebug}})
			pub := start(t, publisher.Config{Recorder: rec, Endpoint: endpoint})
			timer := rec.NewTimer("x", zibrato.AtLevel(zibrato.LevelDebug))
			<-came
			const calls = 100_000
			for range calls {
				timer.Observe(time.Microsecond)
			}
			if s := pub.Stats(); s.Connected {
				t.Errorf("it takes the squatter for a forwarder: %+v", s)
			}
			close(gone)
			l.Close()
			<-ended
			var fwd *forwarder.Forwarder
			await(t, "the port is free", func() bool {
				fwd, err = forwarder.Start(forwarder.Config{In: endpoint, Out: "tcp://127.0.0.1:*"})
				return err == nil
			})
			defer fwd.Close()
			sub := hearDebug(t, fwd.OutAddr())
			await(t, "the totals are exact", func() bool {
				return sub.heard() == metric.Totals{Count: calls, Sum: metric.IntValue(calls * 1000)}
			})
			if err := pub.Shutdown(within(t)); err != nil {
				t.Error(err)
			}
			sub.close()
		})
	}
}
