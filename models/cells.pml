/*
 * cells.pml: cells and their changed flag: Ring.Add, Ring.addSlowly and chunk.add in ring/cell.go, Ring.Changed and Ring.Cell in drain.go.
 *
 * Goroutines add to one series on two Ps. Each P's chunk of cells is made when somebody on that P first finds none. The drain reads the cells
 * only when a chunk's flag is up. Checked: what it knows never shrinks and never exceeds what was added, and once no call is under way the
 * next pass knows all.
 */
#ifndef CALLS
#define CALLS 2 /* of each goroutine */
#endif
#ifndef GS
#define GS 2
#endif
#define SHARDS 2
#define PS (SHARDS + 1) /* the last is the drain's; its stores pass no buffer, but in a mutant */
#define CHUNKS 6
#define NONE 255
#define SUM 2 /* of a call */

#define COUNTS(k) ((k) * 3)
#define SUMS(k) ((k) * 3 + 1)
#define CHANGED(k) ((k) * 3 + 2)

chan buffer[PS] = [3] of { mtype, byte, byte };

/* Memory: the words of the chunks, and the shards' pointers to them. */
byte word[CHUNKS * 3];
byte chunk[SHARDS] = NONE;

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

/* fresh stores a new chunk, which nobody else knew of before. */
inline fresh() {
	atomic { FENCE(p) -> chunk[p] = made; made++; assert(made <= CHUNKS) }
}

proctype Goroutine() {
	byte calls, p, k;
	do
	:: calls == CALLS -> break
	:: calls < CALLS ->
		hold();
		k = chunk[p];
		if
		:: k != NONE -> add(); release(); calls++
		:: k == NONE ->
			release();
			hold();
			if
			:: chunk[p] == NONE -> fresh()
#ifdef MUTANT_FRESH_REPLACES
			:: chunk[p] != NONE -> fresh()
#else
			:: chunk[p] != NONE
#endif
			fi;
			release()
		fi;
		atomic { p = 0; k = 0 }
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
	s = 0;
	do
	:: s == SHARDS -> break
	:: s < SHARDS ->
		k = chunk[s];
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
		s = 0;
		do
		:: s == SHARDS -> break
		:: s < SHARDS ->
			k = chunk[s];
			if
			:: k != NONE ->
				count = count + word[COUNTS(k)];
				sum = sum + word[SUMS(k)]
			:: k == NONE
			fi;
			s++
		od;
		atomic {
			assert(known <= count && count <= added);
			assert(knownSum <= sum && sum <= SUM * added);
			known = count;
			knownSum = sum;
			count = 0; sum = 0; changed = 0
		}
#ifdef MUTANT_CLEARS_LAST
		;
		s = 0;
		do
		:: s == SHARDS -> break
		:: s < SHARDS ->
			k = chunk[s];
			if
			:: k != NONE -> clear()
			:: k == NONE
			fi;
			s++
		od
#endif
	:: !changed
	fi;
	atomic { s = 0; k = 0 }
}

#define SETTLED (finished == GS && FENCE(0) && FENCE(1) && FENCE(SHARDS))

proctype Drain() {
	byte s, k, count, sum;
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
