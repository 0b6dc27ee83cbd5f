// Package machinecode shows on the machine code that what a goroutine does while it is pinned to its processor cannot
// panic, nor grow the stack, nor run for long. It is for tests alone.
//
// A panic while pinned kills the process, and recover does not help. The source does not show whether the compiler left a bounds
// check, a nil check or a call in such a region; its output does.
//
// [Check] runs the functions of a disassembled program symbolically. Outside of pinned regions it only collects what it can know of registers
// and stack slots: that a pointer was tested or dereferenced, that a number is bounded. Inside it follows every way from procPin to
// procUnpin by itself, into the functions that are called, and wants a proof of each step:
//
//   - it never comes to the same instruction twice: there is no loop;
//   - instructions are of a list that holds moves, arithmetic and jumps, and nothing that divides, repeats or locks;
//   - calls go to functions that are followed, or that are named with a reason;
//   - a memory access lies within an object that is there: its pointer was tested, dereferenced before, or is never nil by the stated layout
//     of the data; its index is bounded by a mask, a type or a comparison;
//   - a word that passes data on is stored after the data, and no way leaves out either.
//
// Functions in assembly, where the scheduler stops nobody, are such regions from beginning to end.
//
// What it cannot show it reports, also where the code is right: the remedy is simpler code. [Structure] does the part of it that needs
// no knowledge of data, also for arm64.
package machinecode
