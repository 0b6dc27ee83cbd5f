// Package store keeps on disk what a backend must not lose when it is killed: what it received since its last flush, what it knew
// then, and the windows that a sink has not taken yet. Package backend is its only user; it is public so that tools can
// read the files.
//
// # The directory
//
//	lock        held by the backend that works here; another one is refused
//	state       the checkpoint: what the backend knew after the last window was taken
//	log.<g>     the batches received since then, g being the checkpoint's generation, or a later one after a kill
//	window.<n>  a window that some sink has not taken yet, n growing by one from window to window
//	sinks       for each sink the number up to which it has taken the windows
//	*.bad       what could not be read, for people to look at; the newest 16 are kept
//	*.tmp       left by a kill while a file was written; removed at the next start
//
// # The order of things
//
// A batch is written to the log, without fsync, and folded, in one step. A flush takes the window, copies the state and begins
// log.<g+1>, in one step too. Then it writes window.<n>, then the state, which is the commit: it names g+1 and n+1. Only
// then the window goes to the sinks, and logs up to g are removed.
//
// Whatever the instant of a kill, one of two things is on disk: the old state with all batches since, in which case a window.<n> that the
// state does not know was never sent, and is removed; or the new state with the window. So no window is lost, and none is sent twice under
// different keys. It may be sent twice under the same key, when the kill came between a sink's answer and the removal of the file.
//
// Without fsync a log survives the death of the process, not that of the machine. After a power failure what was received since the
// last flush may be gone: then the totals in later batches make up for it, as for batches that are lost on the way.
//
// # The files
//
// All integers are little-endian. str is u8 length and that many bytes of UTF-8. A time is i64 nanoseconds since 1970 by the
// backend's clock, the least int64 when there is none. Every file but the log ends with the CRC-32C, u32, of all before.
//
//	state    "zbstate1" · u64 generation · u64 next window · time written · time the open window's start · u8 flags (1: closed
//	         in good order) · u8 apart · time coverage of all levels · u16 n × (str level · time coverage) · time youngest
//	         start · time latest birth of what was forgotten · u32 n × stream
//	stream   16 B recorder · str level · u64 × 2 sequence numbers by detail · u8 detail · u8 flags (1: final) · time heard · time
//	         start · time coverage · i64 uptime of the last batch · i64 uptime before which forgotten series were born · u32 n × member
//	member   u32 id · u64 count · u64 sum · u8 flags (1: present), and only if present: i64 value · series
//	series   u8 kind · str name · str source · str unit · str help · u8 n × (str key · str value)
//	window   "zbwindw1" · time start · time end · i64 interval · u32 n × (u32 length · frame): series and summaries in the
//	         binary form of docs/wire.md, totals before being zero
//	sinks    "zbsinks1" · u16 n × (str name · u64 number)
//	log      "zblog001" · records
//	record   u32 length of what follows the checksum · u32 CRC-32C of that · time received · u8 flags (1: a batch without totals) ·
//	         frame as in docs/wire.md; one without totals has a recorder of ones
//
// A log may end in the middle of a record. Any other damage is reported: a record whose checksum is wrong is skipped, and two in a row end
// the log.
package store
