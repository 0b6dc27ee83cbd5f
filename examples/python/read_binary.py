#!/usr/bin/env python3
"""Reads Zibrato's binary form and prints one line of JSON per sample.

    read_binary.py --from tcp://127.0.0.1:5551 --levels info,warning

It was written from docs/wire.md alone and needs pyzmq (Debian: python3-zmq). Malformed messages are reported on stderr
and skipped.
"""

import argparse
import datetime
import json
import math
import struct
import sys

import zmq

KINDS = {1: "timer", 2: "counter", 3: "updown", 4: "gauge", 5: "distribution"}
FLOATS = ("gauge", "distribution")
MAX_FRAME = 1 << 20


class Malformed(Exception):
    pass


def _crc_table():
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)  # 0x1EDC6F41, reflected
        yield n


CRC_TABLE = list(_crc_table())


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


class Cursor:
    """Takes fields from the front of some bytes."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def bytes(self, n):
        if self.at + n > len(self.data):
            raise Malformed("truncated")
        self.at += n
        return self.data[self.at - n : self.at]

    def unpack(self, layout):
        layout = "<" + layout
        return struct.unpack(layout, self.bytes(struct.calcsize(layout)))

    def uint16(self):
        return self.unpack("H")[0]

    def str(self):
        (n,) = self.unpack("B")
        try:
            return str(self.bytes(n), "utf-8")
        except UnicodeDecodeError:
            raise Malformed("encoding") from None

    def left(self):
        return len(self.data) - self.at


def number(kind, word):
    """A value of a kind from its eight bytes."""
    if kind in FLOATS:
        (value,) = struct.unpack("<d", word)
        if not math.isfinite(value):
            raise Malformed("number")
        return value
    (value,) = struct.unpack("<q", word)
    return value


def decode_entry(cursor):
    """A series with its totals, or None if it is of a kind that this reader does not know."""
    entry = {}
    number_of_kind = 0
    entry["id"], number_of_kind, _, entry["birth_ns"] = cursor.unpack("IBBQ")
    entry["kind"] = KINDS.get(number_of_kind)
    totals = [cursor.unpack("Q8s") for _ in ("before", "after")]
    if entry["kind"] is None:
        return None
    for when, (count, word) in zip(("before", "after"), totals):
        entry[when] = {"count": count, "sum": number(entry["kind"], word)}
    for field in ("name", "source", "unit", "help"):
        entry[field] = cursor.str()
    (tags,) = cursor.unpack("B")
    if tags > 32:
        raise Malformed("content")
    entry["tags"] = {}
    for _ in range(tags):
        key = cursor.str()
        entry["tags"][key] = cursor.str()
    return entry


def decode(frame):
    """Decodes a message. Returns a dict, with samples as tuples of entry, Unix time in ns, and value."""
    if len(frame) > MAX_FRAME:
        raise Malformed("size")
    parts = frame.split(b"|", 2)
    if parts[0] != b"zsmp1":
        raise Malformed("version")
    if len(parts) < 3:
        raise Malformed("fields")
    topic = len(parts[0]) + 1 + len(parts[1]) + 1
    if len(frame) < topic + 4:
        raise Malformed("truncated")
    if crc32c(frame[:-4]) != struct.unpack("<I", frame[-4:])[0]:
        raise Malformed("checksum")
    cursor = Cursor(frame[topic:-4])

    # What a newer version adds behind the known fields of the header and of an entry stays unread.
    header = Cursor(cursor.bytes(cursor.uint16()))
    flags, _, recorder, seq, uptime, interval = header.unpack("BB16sQQQ")
    base, start, pid, entries, samples = header.unpack("qqIII")
    batch = {
        "level": parts[1].decode("ascii", "replace"),
        "final": bool(flags & 1),
        "recorder": recorder.hex(),
        "seq": seq,
        "uptime_ns": uptime,
        "interval_ns": interval,
        "start_ns": start,
        "pid": pid,
        "host": header.str(),
        "program": header.str(),
    }
    batch["entries"] = [decode_entry(Cursor(cursor.bytes(cursor.uint16()))) for _ in range(entries)]
    if cursor.left() != 16 * samples:
        raise Malformed("truncated")
    batch["samples"] = []
    for _ in range(samples):
        index, after, word = cursor.unpack("II8s")
        if index >= entries:
            raise Malformed("content")
        entry = batch["entries"][index]
        if entry is not None:
            batch["samples"].append((entry, base + after * 1000, number(entry["kind"], word)))
    return batch


def rfc3339(ns):
    whole = datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc)
    return whole.strftime("%Y-%m-%dT%H:%M:%S") + ".%09dZ" % (ns % 10**9)


def lines(batch):
    """What there is to print of a batch."""
    for entry, time, value in batch["samples"]:
        if entry["kind"] == "timer":
            value = value / 10**9  # people think in seconds
        yield {
            "time": rfc3339(time),
            "name": entry["name"],
            "kind": entry["kind"],
            "unit": entry["unit"],
            "level": batch["level"],
            "source": entry["source"],
            "tags": entry["tags"],
            "value": value,
        }


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--from", dest="endpoint", default="tcp://127.0.0.1:5551", help="where to connect to")
    options.add_argument("--levels", default="", help="separated by commas; empty: all")
    options.add_argument("--count", type=int, default=0, help="end after so many samples; 0: never")
    args = options.parse_args()

    socket = zmq.Context().socket(zmq.SUB)
    for level in args.levels.split(","):
        socket.setsockopt_string(zmq.SUBSCRIBE, f"zsmp1|{level}|" if level else "zsmp1|")
    socket.connect(args.endpoint)
    printed = 0
    while True:
        frames = socket.recv_multipart()
        try:
            if len(frames) > 1:
                raise Malformed("multipart")
            batch = decode(frames[0])
        except Malformed as reason:
            print(f"malformed message: {reason}", file=sys.stderr, flush=True)
            continue
        for line in lines(batch):
            print(json.dumps(line, ensure_ascii=False), flush=True)
            printed += 1
            if printed == args.count:
                return


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
