// Package zap answers who may connect to the CURVE sockets of this process, as ZAP asks it (https://rfc.zeromq.org/spec/27/).
//
// libzmq asks one handler in the process, at inproc://zeromq.zap.01. That of github.com/pebbe/zmq4 does not do: it reads its maps
// while others change them, panics at requests of another form, and tells the global log of them. The one here runs as long as somebody has a
// [Domain] open.
package zap
