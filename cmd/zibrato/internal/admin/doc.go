// Package admin tells people and supervisors how a long-running command is: over HTTP whether it is alive and ready, and what it has done, in
// Prometheus' text format; to systemd that it has started, what it waits for, and that it is alive.
package admin
