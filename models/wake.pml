/*
 * wake.pml: how a sleeping drain is woken: Ring.Sleeping, Ring.Awake, Ring.rouse and Ring.Wake in ring/ring.go, the looks at asleep in Put and
 * Add, and Recorder.sleep in drain.go.
 *
 * A producer writes and then looks whether the drain sleeps; its processor may let that look overtake the write. The drain announces that it
 * sleeps, waits until what was under way by then has become visible (the constant settle), and looks once more. Its backstop, a pass each second, is
 * left out: it would hide what is lost. Checked: the drain does not sleep on while something is written that it has not seen.
 */
#ifndef CALLS
#define CALLS 2 /* of each producer */
#endif
#ifndef PS
#define PS 2 /* producers, each on a P of its own */
#endif
#ifndef SLEEPS
#define SLEEPS 3
#endif

chan buffer[PS] = [4] of { mtype, byte, byte };

/* Memory: what each producer committed, and Ring.asleep. */
byte committed[PS];
bit asleep;

/* Ring.wake. */
#ifdef MUTANT_NO_ROOM_FOR_THE_TOKEN
#define ROOM (!token && selecting)
#else
#define ROOM (!token)
#endif
bit token, selecting;

/* How many stores each producer made, how many of them are in memory, and how many the drain saw. */
byte written[PS], flushed[PS], seen[PS];
byte finished;

inline STORED(p, kind, at, value) { committed[at] = value; flushed[at] = value }

#include "buffer.pml"

inline write() {
	atomic { written[me] = written[me] + 1; buffer[me] ! PASS(me, written[me]) }
}

proctype Producer(byte me) {
	byte calls;
	bit sleeps;
	do
	:: calls == CALLS -> break
	:: calls < CALLS ->
		calls++;
#ifdef MUTANT_LOOKS_FIRST
		sleeps = asleep;
		write();
#else
		write();
		sleeps = asleep; /* the buffer may still hold the write */
#endif
		if
		:: sleeps -> /* rouse */
			if
			:: asleep ->
#ifdef MUTANT_TOKEN_BEFORE_SWAP
				atomic { token = 1 };
				atomic { FENCE(me) -> asleep = 0 }
#else
				atomic { FENCE(me) -> sleeps = asleep; asleep = 0 }; /* CompareAndSwap */
				if
				:: sleeps ->
					if
					:: ROOM -> token = 1
					:: !ROOM
					fi
				:: !sleeps
				fi
#endif
			:: !asleep
			fi
		:: !sleeps
		fi;
		sleeps = 0
	od;
	finished++
}

inline look() {
	found = 0;
	p = 0;
	do
	:: p == PS -> break
	:: p < PS ->
		atomic {
			if
			:: committed[p] != seen[p] -> seen[p] = committed[p]; found = 1
			:: committed[p] == seen[p]
			fi
		};
		p++
	od;
	p = 0
}

proctype Drain() {
	byte sleeps, p;
	byte settled[PS];
	bit found;
	do
	:: sleeps == SLEEPS -> break
	:: sleeps < SLEEPS ->
		sleeps++;
		look(); /* it goes to sleep when it has found nothing for long, but nothing rests on that */
		atomic {
			asleep = 1; /* sequentially consistent; what was stored by now is visible once settle has passed */
			do
			:: p == PS -> break
			:: p < PS -> settled[p] = written[p]; p++
			od;
			p = 0
		};
		selecting = 1;
		/* The first select: the token, or the settle time. */
		if
		:: atomic { token -> token = 0 }
#ifndef MUTANT_NO_SECOND_LOOK
#ifdef MUTANT_LOOKS_AT_ONCE
		:: true ->
#else
		:: flushed[0] >= settled[0] && flushed[PS - 1] >= settled[PS - 1] ->
#endif
			selecting = 0;
			look();
			selecting = 1;
			if
			:: found
			:: !found -> goto sleep
			fi
#else
		:: goto sleep
#endif
		fi;
		goto awake;
sleep:
		/* The second: the token alone. Where nothing is to come any more, nothing may be unseen. */
		if
		:: atomic { token -> token = 0 }
		:: finished == PS && FENCE(0) && FENCE(PS - 1) && !token ->
			assert(seen[0] == written[0] && seen[PS - 1] == written[PS - 1]);
			break
		fi;
awake:
		selecting = 0;
		asleep = 0;
		found = 0
	od
}

init {
	atomic {
		byte i = 0;
		do
		:: i == PS -> break
		:: i < PS -> run Producer(i); i++
		od;
		run Drain()
	}
}
