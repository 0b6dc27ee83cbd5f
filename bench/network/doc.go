// Package network measures what lies between processes: the way through publisher, forwarder and subscriber, and the forwarder beside libzmq's own
// proxy. It needs libzmq, which is why it stands apart from package bench, which needs nothing.
//
//	go test -run '^$' -bench . ./bench/network
package network
