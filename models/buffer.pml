/*
 * The store buffer of a processor, between what its goroutine wrote and what the drain, on another one, sees of it.
 *
 * DATA is a plain store, PASS is internal/release.Store. On amd64 the two are the same and all stores are seen in the order of the program (TSO).
 * With -DWEAK a plain store may overtake a PASS before it, as on arm64, where only what comes before a store-release stays there.
 * A sequentially consistent store, a locked instruction and a mutex wait until the buffer is empty: FENCE.
 */
mtype = { DATA, PASS };

#define FENCE(p) (len(buffer[p]) == 0)

/* Each model says what STORED does to memory. */
active [PS] proctype Memory() {
	mtype kind;
	byte at, value;
end:
	do
	:: atomic { buffer[_pid] ? kind(at, value) -> STORED(_pid, kind, at, value); kind = 0; at = 0; value = 0 }
#ifdef WEAK
	:: atomic { buffer[_pid] ?? DATA(at, value) -> STORED(_pid, DATA, at, value); at = 0; value = 0 }
#endif
#ifdef MUTANT_PLAIN_PASS
	:: atomic { buffer[_pid] ?? PASS(at, value) -> STORED(_pid, PASS, at, value); at = 0; value = 0 }
#endif
	od
}
