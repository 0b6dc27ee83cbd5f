// Package zgrpc measures servers and clients of gRPC with Zibrato: how long calls take, how many there are and how they end, how many are under way,
// and how many messages go each way.
//
//	server := grpc.NewServer(
//		grpc.ChainUnaryInterceptor(zgrpc.UnaryServer(zgrpc.Config{})),
//		grpc.ChainStreamInterceptor(zgrpc.StreamServer(zgrpc.Config{})),
//	)
//	conn, err := grpc.NewClient(target,
//		grpc.WithChainUnaryInterceptor(zgrpc.UnaryClient(zgrpc.Config{})),
//		grpc.WithChainStreamInterceptor(zgrpc.StreamClient(zgrpc.Config{})),
//	)
//
// Put it first, so that it measures what other interceptors do, and sees how they end a call.
//
// # What it records
//
//	rpc.server.call.duration        timer     rpc.client.call.duration
//	rpc.server.active_calls         up-down   rpc.client.active_calls
//	rpc.server.messages.received    counter   rpc.client.messages.received
//	rpc.server.messages.sent        counter   rpc.client.messages.sent
//
// The durations' names are those of OpenTelemetry's semantic conventions. All but the calls under way have tags:
//
//   - service and method: "grpc.health.v1.Health" and "Check" of the full method /grpc.health.v1.Health/Check. Both are "other" where a server has no such method and
//     its grpc.UnknownServiceHandler answers, and for all methods after the first thousand that an interceptor sees.
//   - status, of durations only: the name of the status code as package codes has it, "OK" or "NotFound"; "other" for a code that gRPC does not define; "panic" when
//     the handler, or an interceptor further in, panicked.
//
// So the number of series is bounded by the program's methods, whatever a client sends. A server answers calls of methods that it does not have before any interceptor
// runs, unless it has a grpc.UnknownServiceHandler: those it does not measure, only their clients do.
//
// A server's call ends when its handler returns. A client's ends when its response is there, or its stream has ended as gRPC has it: with an error or the end that
// RecvMsg returned, with its context or its connection. Where an interceptor further in opens several streams for one call, to try again, what its caller gets
// decides: that is one call. A stream that is left without any of these, a leak of its caller's, stays under way. A message counts as
// sent when gRPC took it, and as received when the handler, or the caller, has it.
//
// # What it does not change
//
// Requests, responses, errors and panics pass as they are, contexts are not touched, and calls get no metadata. Handlers and callers of streams get a wrapper with the methods of
// grpc.ServerStream or grpc.ClientStream. A client's stream gets the call option grpc.OnFinish, which is how its end is known wherever that comes from.
//
// Sizes of messages are not measured: interceptors do not know them, and a stats.Handler, which does, makes gRPC allocate for each of its events.
//
// # What it costs
//
// No allocation for a unary call, on either side; one for a stream on a server, three for a stream on a client; none for a message. Nothing while nobody watches the
// level. docs/integrations/README.md has figures beside other packages.
package zgrpc
