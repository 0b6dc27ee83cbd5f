/*
 * procs.pml: the change of GOMAXPROCS: Ring.of, Ring.extend and addShard in ring/ring.go and hold_pinned.go, Ring.all in drain.go.
 *
 * The program begins with one P, gets a second one, and loses it again, at any instants. Goroutines migrate whenever they are not pinned. Each P's
 * shard is made when somebody on that P first finds none; the table of shards grows by copying while others record and the drain scans it.
 * A shard is reduced to how many of its records are written, committed and read; ring.pml has the rest. Checked: nobody finds less than a
 * shard behind a number below count (in the pinned region a nil dereference kills the process), and every record is delivered once.
 */
#ifndef CALLS
#define CALLS 2 /* of each goroutine */
#endif
#ifndef GS
#define GS 2
#endif
#define PS 2
#define TABLES 4
#define SHARDS 6
#define NONE 255

chan buffer[PS] = [4] of { mtype, byte, byte };

/* Ring.count and Ring.shards. Tables and shards that are made are never unmade, so their numbers are their addresses. */
byte count, shards;
byte table[TABLES * PS] = NONE;

/* A shard: n is owned by its holder, committed passes, read is owned by the drain. */
byte n[SHARDS], committed[SHARDS], read[SHARDS];

/* Under Ring.mu. */
bit mu;
byte tables, made;

/* The scheduler. */
byte procs = 1;
bit pinned[PS];

byte put, delivered, finished;

inline STORED(p, kind, at, value) { committed[at] = value }

#include "buffer.pml"

/* Whoever is not pinned may run on any P that there is. Being pinned lasts until release. */
inline hold() {
	if
	:: atomic { !pinned[0] -> pinned[0] = 1; p = 0 }
	:: atomic { procs > 1 && !pinned[1] -> pinned[1] = 1; p = 1 }
	fi
}

inline release() { pinned[p] = 0 }

/* shardOf is Ring.of(p), with the two loads that it makes. */
inline shardOf() {
#ifdef MUTANT_SHARDS_LOADED_FIRST
	t = shards;
	if
	:: p >= count -> s = NONE
	:: p < count -> s = table[t * PS + p]; assert(s != NONE)
	fi
#else
	if
	:: p >= count -> s = NONE
	:: p < count -> t = shards; s = table[t * PS + p]; assert(s != NONE)
	fi
#endif
}

/* extend makes shards up to number wanted-1. */
inline extend() {
#ifndef MUTANT_GROWS_UNLOCKED
	atomic { !mu -> mu = 1 };
#endif
	if
#ifndef MUTANT_GROWS_UNASKED
	:: wanted <= count -> skip
	:: wanted > count ->
#else
	:: true ->
#endif
		atomic { tables++; t = tables; i = 0 };
		do
		:: i == wanted -> break
		:: i < wanted ->
			if
#ifdef MUTANT_FORGETS_THE_OLD
			:: false -> skip
#else
			:: i < count -> table[t * PS + i] = table[shards * PS + i]
#endif
			:: else -> atomic { table[t * PS + i] = made; made++; assert(made <= SHARDS) }
			fi;
			i++
		od;
#ifdef MUTANT_COUNT_FIRST
		count = wanted;
		shards = t
#else
		shards = t;
		count = wanted
#endif
	fi;
	mu = 0;
	i = 0
}

proctype Goroutine() {
	byte calls, p, s, t, i, wanted;
	do
	:: calls == CALLS -> break
	:: calls < CALLS ->
		hold();
		shardOf();
		if
		:: s == NONE ->
			release();
			/* addShard */
			atomic { hold(); wanted = p + 1; release() };
			if
			:: procs > wanted -> wanted = procs
			:: procs <= wanted
			fi;
			extend()
		:: s != NONE ->
			calls++;
			put++;
			n[s] = n[s] + 1;
			buffer[p] ! PASS(s, n[s]);
			release()
		fi;
		atomic { p = 0; s = 0; t = 0; wanted = 0 }
	od;
	finished++
}

/* The world stops, which pinned goroutines hold up, and goes on with another number. */
proctype Procs() {
	atomic { !pinned[0] && !pinned[1] && FENCE(0) && FENCE(1) -> procs = 2 };
	atomic { !pinned[0] && !pinned[1] && FENCE(0) && FENCE(1) -> procs = 1 }
}

/* pass is Ring.Drain over Ring.all. */
inline pass() {
#ifdef MUTANT_DRAINS_PRESENT_PROCS
	atomic { upTo = (count < procs -> count : procs) };
#else
	upTo = count;
#endif
	t = shards;
	i = 0;
	do
	:: i == upTo -> break
	:: i < upTo ->
		s = table[t * PS + i];
		assert(s != NONE);
		atomic { /* one load; the rest is the drain's own */
			assert(committed[s] >= read[s]);
			delivered = delivered + committed[s] - read[s];
			read[s] = committed[s]
		};
		i++
	od;
	atomic { upTo = 0; t = 0; i = 0; s = 0 }
}

proctype Drain() {
	byte upTo, t, i, s;
	do
	:: finished == GS && FENCE(0) && FENCE(1) -> break
	:: finished < GS || !FENCE(0) || !FENCE(1) -> pass()
	od;
	pass();
	assert(put == GS * CALLS);
	assert(delivered == put)
}

init {
	atomic {
		int g = 0;
		do
		:: g == GS -> break
		:: g < GS -> run Goroutine(); g++
		od;
		run Drain();
		run Procs()
	}
}
