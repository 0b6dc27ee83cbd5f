// Package servers holds the tests of the sinks against the real receiving programs: Prometheus, statsd, statsd_exporter, carbon and
// VictoriaMetrics, started on loopback and ended by the tests. scripts/servers.sh brings the programs; a test whose program is not there is
// skipped, or fails where the environment says ZIBRATO_SERVERS=required, as continuous integration does.
package servers
