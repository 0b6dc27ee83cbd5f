// Package carry delivers bytes to programs that answer nothing, such as Graphite's and StatsD's, in such a way that it is
// known as far as can be whether they arrived.
package carry

import (
	"context"
	"net"
	"time"
)

// Until lets whatever waits for conn fail as soon as ctx ends. The function that it returns ends that: conn's deadlines are
// then the caller's again. It is to be called before conn is used for anything else.
func Until(ctx context.Context, conn net.Conn) (release func()) {
	cut := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(cut)
		conn.SetDeadline(time.Unix(1, 0)) // fails on a closed connection only, for which nobody waits
	})
	return func() {
		if !stop() {
			<-cut
		}
		conn.SetDeadline(time.Time{})
	}
}
