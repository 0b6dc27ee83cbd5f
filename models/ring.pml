/*
 * ring.pml: the hand-over of one shard's records: ring/segment.go and Ring.Drain.
 *
 * Goroutines share one P; whoever holds the shard puts records into the last of its segments, the drain takes them from the first. Segments
 * come from a bounded pool and go back to it. Checked: each record is delivered once and in order, or counted in the cell; no word of a record
 * is written while the drain reads it, or while it is handed over; in the end the pool has what no shard needs, and knows it.
 * MUTANT_PLAIN_PASS is in buffer.pml.
 */
#ifndef SEGLEN
#define SEGLEN 2 /* segmentLen */
#endif
#ifndef POOL
#define POOL 2 /* maxMade */
#endif
#ifndef CALLS
#define CALLS 4 /* of each goroutine */
#endif
#define GS 2
#define PS 1
#define NONE 255

chan buffer[PS] = [4] of { mtype, byte, byte };

/* Memory, as the drain sees it. A segment's number, and its record's, make an address. */
byte records[(POOL + 1) * SEGLEN];
byte committed[POOL + 1];
byte next[POOL + 1] = NONE;

/* Owned by the holder. */
bit held;
byte tail, n;

/* Owned by the drain; reading to until-1 is what it lent to visit. */
byte head, read, reading, until;

/* The pool; what is under its mutex is one step. */
byte made, frees, free[POOL + 1];
bit dry;

/* The books. */
byte put, delivered, counted, finished;

#define ADDRESS(segment, i) ((segment) * SEGLEN + (i))

/* committed's address is its segment. */
inline STORED(p, kind, at, value) {
	if
	:: kind == DATA ->
		assert(at % SEGLEN >= committed[at / SEGLEN]);
		assert(at < reading || at >= until);
		records[at] = value
	:: kind == PASS -> committed[at] = value
	fi
}

#include "buffer.pml"

inline hold() {
#ifdef MUTANT_NOT_PINNED
	skip
#else
	atomic { !held -> held = 1 }
#endif
}

inline release() { held = 0 }

/* append is shard.put where there is room. Records are numbered in the order in which they are put. */
inline append() {
	at = n;
#ifdef MUTANT_PUBLISH_FIRST
	buffer[0] ! PASS(tail, at + 1);
	put++;
	buffer[0] ! DATA(ADDRESS(tail, at), put);
#else
	put++;
	buffer[0] ! DATA(ADDRESS(tail, at), put);
	buffer[0] ! PASS(tail, at + 1);
#endif
	n = at + 1
}

inline count() { counted++ }

inline take() {
	if
	:: dry -> spare = NONE
	:: else ->
		atomic {
			FENCE(0) ->
			if
			:: frees > 0 -> frees--; spare = free[frees]; free[frees] = 0
			:: frees == 0 && made == POOL ->
				spare = NONE;
#ifndef MUTANT_DRY_UNLOCKED
				dry = 1
#endif
			:: frees == 0 && made < POOL -> made++; spare = made
			fi
		}
#ifdef MUTANT_DRY_UNLOCKED
		;
		if
		:: spare == NONE -> dry = 1
		:: spare != NONE
		fi
#endif
	fi
}

inline giveBack(segment) {
	free[frees] = segment;
	frees++;
#ifndef MUTANT_STAYS_DRY
	dry = 0
#endif
}

proctype Goroutine() {
	byte calls, spare, filled, at;
	do
	:: calls == CALLS -> break
	:: calls < CALLS ->
		calls++;
again:
		hold();
		if
		:: n < SEGLEN -> append(); release(); goto next_call
		:: n >= SEGLEN && dry ->
#ifndef MUTANT_LOSES_IN_SILENCE
			count();
#endif
			release(); goto next_call
		:: n >= SEGLEN && !dry -> release()
		fi;
		/* putSlowly */
		if
		:: goto again /* makesWay; or it looks once more before it takes */
		:: skip
		fi;
		take();
		if
		:: spare == NONE -> hold(); count(); release()
		:: spare != NONE ->
			hold();
#ifdef MUTANT_ASSUMES_FULL
			if
			:: false -> skip
#else
			if
			:: n < SEGLEN -> /* somebody else gave the shard a segment */
				append(); release();
				atomic { FENCE(0) -> giveBack(spare) }
#endif
			:: else ->
				filled = tail;
				tail = spare;
				n = 0;
				atomic { FENCE(0) -> next[filled] = spare };
				append();
				release()
			fi
		fi;
next_call:
		spare = 0; filled = 0; at = 0
	od;
	finished++
}

/* pass is Ring.Drain. */
inline pass() {
	turns = 0;
	do
	:: turns > POOL -> break
	:: turns <= POOL ->
		turns++;
		upTo = committed[head];
		if
		:: upTo > read ->
			atomic { reading = ADDRESS(head, read); until = ADDRESS(head, upTo) };
			do
			:: read == upTo -> break
			:: read < upTo ->
				atomic {
					delivered++;
					assert(records[ADDRESS(head, read)] == delivered);
					read++
				}
			od;
			atomic { reading = 0; until = 0 }
		:: upTo <= read
		fi;
#ifndef MUTANT_LEAVES_EARLY
		if
		:: upTo < SEGLEN -> break
		:: upTo >= SEGLEN
		fi;
#endif
		following = next[head];
		if
		:: following == NONE -> break
		:: following != NONE
		fi;
		emptied = head;
		head = following;
		read = 0;
#ifdef MUTANT_GIVES_BACK_FIRST
		atomic { giveBack(emptied) };
		committed[emptied] = 0;
		next[emptied] = NONE
#else
#ifndef MUTANT_KEEPS_COMMITTED
		committed[emptied] = 0;
#endif
#ifndef MUTANT_KEEPS_NEXT
		next[emptied] = NONE;
#endif
		atomic { giveBack(emptied) }
#endif
	od;
	atomic { turns = 0; upTo = 0; following = 0; emptied = 0 }
}

proctype Drain() {
	byte turns, upTo, following, emptied;
	do
	:: finished == GS && FENCE(0) -> break
	:: finished < GS || !FENCE(0) -> pass()
	od;
	pass(); /* one looks at as much as fits the ring */
	assert(delivered == put);
	assert(put + counted == GS * CALLS);
	assert(made == frees); /* all but the segment that the shard always has */
	assert(!dry || frees == 0)
}

init {
	atomic {
		int i = 0;
		do
		:: i == GS -> break
		:: i < GS -> run Goroutine(); i++
		od;
		run Drain()
	}
}
