/*
 * cells.pml: cells and their changed flag: Ring.Add, Ring.addSlowly and chunk.add in ring/cell.go, addHere in unheld_amd64.s, column in column.go,
 * Ring.Changed and Ring.Cell in drain.go.
 *
 * Goroutines add to one series on two Ps. Each P's chunk of cells is made when somebody on that P first finds none, perhaps in a longer table, which
 * is copied while others add and the drain reads. The drain reads the cells only when a chunk's flag is up. Checked: nobody looks past the end of a
 * table, what the drain knows never shrinks and never exceeds what was added, and once no call is under way the next pass knows all.
 */
#ifndef CALLS
#define CALLS 2 /* of each goroutine */
#endif
#ifndef GS
#define GS 2
#endif
#define SHARDS 2
#define PS (SHARDS + 1) /* the last is the drain's; its stores pass no buffer, but in a mutant */
#define CHUNKS 4
#define TABLES 3
#define NONE 255
#define SUM 2 /* of a call */

#define COUNTS(k) ((k) * 3)
#define SUMS(k) ((k) * 3 + 1)
#define CHANGED(k) ((k) * 3 + 2)

chan buffer[PS] = [3] of { mtype, byte, byte };

/* Memory: the words of the chunks, and column.count and column.chunks. Tables that are made are never unmade, so their numbers are their addresses. */
byte word[CHUNKS * 3];
byte count, chunks;
byte table[TABLES * SHARDS] = NONE;
byte size[TABLES];

/* Under Ring.mu. */
bit mu;
byte tables;

byte mine[CHUNKS]; /* count of a chunk's cell as its holder reads it, its buffer included */
bit pinned[SHARDS];

byte made, added, known, knownSum, finished;

inline STORED(p, kind, at, value) { word[at] = value }

#include "buffer.pml"

inline hold() {
	if
	:: atomic { !pinned[0] -> pinned[0] = 1; p = 0 }
	:: atomic { !pinned[1] -> pinned[1] = 1; p = 1 }
	fi
}

inline release() { pinned[p] = 0 }

inline add() {
	atomic { added++; mine[k] = mine[k] + 1 };
#ifdef MUTANT_FLAG_FIRST
	buffer[p] ! PASS(CHANGED(k), 1);
#endif
	buffer[p] ! PASS(COUNTS(k), mine[k]);
	buffer[p] ! PASS(SUMS(k), SUM * mine[k]);
#ifndef MUTANT_FLAG_FIRST
	buffer[p] ! PASS(CHANGED(k), 1)
#endif
}

/* chunkOf is Ring.chunk(p), with the loads that it makes. */
inline chunkOf() {
#ifdef MUTANT_CHUNKS_LOADED_FIRST
	t = chunks;
	if
	:: p >= count -> k = NONE
	:: p < count -> assert(p < size[t]); k = table[t * SHARDS + p]
	fi
#else
	if
	:: p >= count -> k = NONE
	:: p < count -> t = chunks; assert(p < size[t]); k = table[t * SHARDS + p]
	fi
#endif
}

/* addChunk makes the chunk of shard p, on whatever P. */
inline addChunk() {
#ifndef MUTANT_GROWS_UNLOCKED
	atomic { !mu -> mu = 1 };
#endif
	if
	:: p < count -> skip
	:: p >= count ->
		if /* how many shards there are by now */
		:: wanted = p + 1
		:: wanted = SHARDS
		fi;
		atomic { tables++; assert(tables < TABLES); t = tables; size[t] = wanted };
		i = 0;
		do
		:: i >= count -> break
		:: i < count -> table[t * SHARDS + i] = table[chunks * SHARDS + i]; i++
		od;
#ifdef MUTANT_COUNT_FIRST
		count = wanted;
		chunks = t
#else
		chunks = t;
		count = wanted
#endif
	fi;
	if
#ifdef MUTANT_FRESH_REPLACES
	:: true ->
#else
	:: table[chunks * SHARDS + p] != NONE -> skip
	:: table[chunks * SHARDS + p] == NONE ->
#endif
		atomic { table[chunks * SHARDS + p] = made; made++; assert(made <= CHUNKS) }
	fi;
	atomic { mu = 0; i = 0; wanted = 0; t = 0 }
}

proctype Goroutine() {
	byte calls, p, k, t, i, wanted;
	do
	:: calls == CALLS -> break
	:: calls < CALLS ->
		hold();
		chunkOf();
		if
		:: k != NONE -> add(); release(); calls++
		:: k == NONE -> release(); addChunk()
		fi;
		atomic { p = 0; k = 0; t = 0 }
	od;
	finished++
}

inline clear() {
#ifdef MUTANT_CLEARS_BY_A_PLAIN_STORE
	buffer[SHARDS] ! PASS(CHANGED(k), 0)
#else
	word[CHANGED(k)] = 0
#endif
}

/* pass is Ring.Changed, with Ring.Cell as what it visits. */
inline pass() {
	FENCE(SHARDS);
	upTo = count;
	t = chunks;
	s = 0;
	do
	:: s == upTo -> break
	:: s < upTo ->
		k = table[t * SHARDS + s];
		if
		:: k != NONE && word[CHANGED(k)] != 0 ->
#ifndef MUTANT_CLEARS_LAST
			clear();
#endif
			changed = 1
		:: else ->
#ifdef MUTANT_CLEARS_UNSEEN
			if
			:: k != NONE -> clear()
			:: k == NONE
			fi
#endif
		fi;
		s++
	od;
	if
	:: changed ->
		upTo = count;
		t = chunks;
		s = 0;
		do
		:: s == upTo -> break
		:: s < upTo ->
			k = table[t * SHARDS + s];
			if
			:: k != NONE ->
				calls = calls + word[COUNTS(k)];
				sum = sum + word[SUMS(k)]
			:: k == NONE
			fi;
			s++
		od;
		atomic {
			assert(known <= calls && calls <= added);
			assert(knownSum <= sum && sum <= SUM * added);
			known = calls;
			knownSum = sum;
			calls = 0; sum = 0; changed = 0
		}
#ifdef MUTANT_CLEARS_LAST
		;
		s = 0;
		do
		:: s == upTo -> break
		:: s < upTo ->
			k = table[t * SHARDS + s];
			if
			:: k != NONE -> clear()
			:: k == NONE
			fi;
			s++
		od
#endif
	:: !changed
	fi;
	atomic { s = 0; k = 0; t = 0; upTo = 0 }
}

#define SETTLED (finished == GS && FENCE(0) && FENCE(1) && FENCE(SHARDS))

proctype Drain() {
	byte s, k, t, upTo, calls, sum;
	bit changed;
	do
	:: SETTLED -> break
	:: !SETTLED -> pass()
	od;
	pass();
	assert(added == GS * CALLS);
	assert(known == added);
	assert(knownSum == SUM * added)
}

init {
	atomic {
		int g = 0;
		do
		:: g == GS -> break
		:: g < GS -> run Goroutine(); g++
		od;
		run Drain()
	}
}
