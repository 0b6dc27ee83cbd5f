// Command conservation shows that nothing is lost uncounted: several publishers, a forwarder and two backends run as processes of their
// own while faults of every kind come over them, by a plan that a seed determines. Then all is calm for a while, everybody
// ends in good order, and the books must balance exactly.
//
//	go run ./conservation -seed 1 -for 60s
//
// It works in namespaces of its own, for the network and for mounts, so that what it drops, fills and kills is its own. They take root, or a
// kernel that lets users have namespaces; iptables(8) drops the packets. What a machine does not allow is named as skipped.
//
// # What is compared
//
// Truth is what each publisher says of its own calls, in memory that it shares with a file: what it was about to record, before the call,
// and what it had recorded, after it. Neither instruments nor batches take part, and kill -9 does not touch it.
//
// Each publisher and each backend keeps a journal, too: the publisher of the batches that its recorder handed to consumers, the backend of those that it
// was handed, one line before it took the batch and one after.
//
// The store keys by series and start of the window, and overwrites, as the services do that windows go to.
//
//	living publishers   store = truth, for every series: before they end, by repeated totals alone, and after
//	killed publishers   store = the totals in the last batch that reached the backend, which is what the publisher's journal says of it
//	detail              in the store = in the batches that reached the backend; what is missing = what the backend counted as lost
//	keys                what comes again under the same key is the same
//	every fault         left a trace of its own: a process that died, packets that were dropped, a write that found no room
//
// # Trials
//
// With -trial it does one thing many times in place of faults at random, and measures it: how soon everything arrives again after the forwarder
// was killed or the network was cut, and how long programs take to end at random instants. The books have to balance afterwards all the same.
//
//	go run ./conservation -trial recovery -times 100 -publishers 1 -rate 100000
//	go run ./conservation -trial exit -times 200
package main
