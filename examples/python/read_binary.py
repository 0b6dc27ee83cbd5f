#!/usr/bin/env python3
"""Reads Zibrato's binary form and prints one line of JSON per sample, or per summary.

    read_binary.py --from tcp://127.0.0.1:5551 --levels info,warning
    read_binary.py --from tcp://127.0.0.1:5551 --detail summaries

It was written from docs/wire.md alone and needs pyzmq (Debian: python3-zmq). Malformed messages are reported on stderr
and skipped.
"""

import argparse
import datetime
import json
import math
import re
import struct
import sys
import time

import zmq

KINDS = {1: "timer", 2: "counter", 3: "updown", 4: "gauge", 5: "distribution"}
FLOATS = ("gauge", "distribution")
GROWING = ("timer", "counter")
TOPICS = {"samples": "zsmp1", "summaries": "zsum1"}
MAX_FRAME = 1 << 20
MAX_BUCKETS = 1280  # of one sign
MAX_ALL_BUCKETS = 1 << 20  # of a message
LEVEL = re.compile(r"(?!zs)[A-Za-z0-9_.-]{1,32}", re.ASCII)
NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f|]")
NOT_IN_TEXTS = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd]")


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

    def varint(self):
        value = 0
        for shift in range(0, 70, 7):
            (byte,) = self.bytes(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        else:
            raise Malformed("truncated")
        if value >= 1 << 64:
            raise Malformed("truncated")
        return value

    def str(self, least=0, most=255, illegal=NOT_IN_NAMES):
        (n,) = self.unpack("B")
        try:
            text = str(self.bytes(n), "utf-8")
        except UnicodeDecodeError:
            raise Malformed("encoding") from None
        if not least <= n <= most or illegal.search(text):
            raise Malformed("encoding")
        return text

    def left(self):
        return len(self.data) - self.at


def number(kind, word):
    """A value of a kind from its eight bytes."""
    return struct.unpack("<d" if kind in FLOATS else "<q", word)[0]


def sample(kind, word):
    value = number(kind, word)
    if not math.isfinite(value) or kind in GROWING and value < 0:
        raise Malformed("number")
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
    entry["name"] = cursor.str(least=1)
    entry["source"] = cursor.str()
    entry["unit"] = cursor.str(most=63, illegal=NOT_IN_TEXTS)
    entry["help"] = cursor.str(illegal=NOT_IN_TEXTS)
    (tags,) = cursor.unpack("B")
    if tags > 32:
        raise Malformed("content")
    pairs = [(cursor.str(least=1, most=64), cursor.str()) for _ in range(tags)]
    keys = [key.encode() for key, _ in pairs]
    if any(a >= b for a, b in zip(keys, keys[1:])):
        raise Malformed("content")
    entry["tags"] = dict(pairs)
    before, after = entry["before"], entry["after"]
    if after["count"] < before["count"] or entry["kind"] in GROWING and after["sum"] < before["sum"]:
        raise Malformed("content")
    if entry["kind"] == "distribution" and not all(math.isfinite(total["sum"]) for total in (before, after)):
        raise Malformed("content")
    return entry


def decode_buckets(cursor, scale):
    """How many buckets a sign has, and the counts of those that count something, by their numbers."""
    (n,) = cursor.unpack("H")
    if n == 0:
        return 0, {}
    (first,) = cursor.unpack("i")
    marks = cursor.bytes((n + 7) // 8)
    marked = [i for i in range(8 * len(marks)) if marks[i // 8] >> i % 8 & 1]
    if n > MAX_BUCKETS or not marked or marked[0] != 0 or marked[-1] != n - 1:
        raise Malformed("content")
    lowest, highest = (-1074 * 32 - 1) >> 5 - scale, (1024 * 32 - 1) >> 5 - scale
    if first < lowest or first + n - 1 > highest:
        raise Malformed("content")
    counts = {first + i: cursor.varint() for i in marked}
    if 0 in counts.values():
        raise Malformed("content")
    return n, counts


def decode_summary(cursor, kind):
    """A summary but for its entry, and how many buckets it has."""
    names = ("count", "sum", "m2", "min", "max", "last", "scale")
    summary = dict(zip(names, cursor.unpack("Qdddddb")))
    if not all(math.isfinite(summary[name]) for name in names):
        raise Malformed("number")
    if kind == "counter" or not -10 <= summary["scale"] <= 5:
        raise Malformed("content")
    summary["zeros"] = cursor.varint()
    positive, summary["positive"] = decode_buckets(cursor, summary["scale"])
    negative, summary["negative"] = decode_buckets(cursor, summary["scale"])
    counts = [summary["zeros"], *summary["positive"].values(), *summary["negative"].values()]
    if sum(counts) != summary["count"] or summary["count"] == 0:
        raise Malformed("content")
    if summary["m2"] < 0 or not summary["min"] <= summary["last"] <= summary["max"]:
        raise Malformed("content")
    if kind == "timer" and (summary["min"] < 0 or negative > 0):
        raise Malformed("number")
    return summary, positive + negative


def quantile(summary, q):
    """The value that the fraction q of the samples is not above, to 1.1 % at scale 5."""
    rank = max(math.ceil(q * summary["count"]), 1)
    width = 2.0**-summary["scale"]
    estimates = [(-(2 ** ((i + 0.5) * width)), n) for i, n in sorted(summary["negative"].items(), reverse=True)]
    estimates.append((0.0, summary["zeros"]))
    estimates += [(2 ** ((i + 0.5) * width), n) for i, n in sorted(summary["positive"].items())]
    for estimate, n in estimates:
        rank -= n
        if rank <= 0:
            break
    return min(max(estimate, summary["min"]), summary["max"])


def decode(frame):
    """Decodes a message. Returns a dict; its samples are tuples of entry, Unix time in ns, and value, its summaries of
    entry and summary."""
    if len(frame) > MAX_FRAME:
        raise Malformed("size")
    parts = frame.split(b"|", 2)
    if parts[0].decode("ascii", "replace") not in TOPICS.values():
        raise Malformed("version")
    if len(parts) < 3:
        raise Malformed("fields")
    level = parts[1].decode("ascii", "replace")
    if not LEVEL.fullmatch(level):
        raise Malformed("level")
    topic = len(parts[0]) + 1 + len(parts[1]) + 1
    if len(frame) < topic + 4:
        raise Malformed("truncated")
    if crc32c(frame[:-4]) != struct.unpack("<I", frame[-4:])[0]:
        raise Malformed("checksum")
    cursor = Cursor(frame[topic:-4])

    # What a newer version adds behind the known fields of the header and of an entry stays unread.
    header = Cursor(cursor.bytes(cursor.uint16()))
    flags, _, recorder, seq, uptime, interval = header.unpack("BB16sQQQ")
    base, start, pid, entries, details = header.unpack("qqIII")
    batch = {
        "level": level,
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
    if not any(recorder):
        raise Malformed("content")
    batch["entries"] = [decode_entry(Cursor(cursor.bytes(cursor.uint16()))) for _ in range(entries)]
    batch["samples"], batch["summaries"] = [], []
    previous, buckets = -1, 0
    for _ in range(details):
        if parts[0] == b"zsmp1":
            index, after, word = cursor.unpack("II8s")
        else:
            summary = Cursor(cursor.bytes(cursor.uint16()))
            (index,) = summary.unpack("I")
            if index <= previous:
                raise Malformed("content")
            previous = index
        if index >= entries:
            raise Malformed("content")
        entry = batch["entries"][index]
        if entry is None:
            continue
        if parts[0] == b"zsmp1":
            batch["samples"].append((entry, base + after * 1000, sample(entry["kind"], word)))
        else:
            summary, more = decode_summary(summary, entry["kind"])
            batch["summaries"].append((entry, summary))
            buckets += more
            if buckets > MAX_ALL_BUCKETS:
                raise Malformed("size")
    if cursor.left() > 0:
        raise Malformed("truncated")
    return batch


def rfc3339(ns):
    whole = datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc)
    return whole.strftime("%Y-%m-%dT%H:%M:%S") + ".%09dZ" % (ns % 10**9)


def line(batch, entry, at, what):
    return {
        "time": rfc3339(at),
        "name": entry["name"],
        "kind": entry["kind"],
        "unit": entry["unit"],
        "level": batch["level"],
        "source": entry["source"],
        "tags": entry["tags"],
        **what,
    }


def lines(batch):
    """What there is to print of a batch. A summary's time is that of its arrival."""
    for entry, at, value in batch["samples"]:
        if entry["kind"] == "timer":
            value = value / 10**9  # people think in seconds
        yield line(batch, entry, at, {"value": value})
    for entry, summary in batch["summaries"]:
        what = {
            "count": summary["count"],
            "mean": summary["sum"] / summary["count"],
            "stddev": math.sqrt(summary["m2"] / summary["count"]),
            "min": summary["min"],
            "p50": quantile(summary, 0.5),
            "p99": quantile(summary, 0.99),
            "max": summary["max"],
            "last": summary["last"],
        }
        yield line(batch, entry, time.time_ns(), what)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--from", dest="endpoint", default="tcp://127.0.0.1:5551", help="where to connect to")
    options.add_argument("--levels", default="", help="separated by commas; empty: all")
    options.add_argument("--detail", choices=TOPICS, default="samples", help="samples or summaries")
    options.add_argument("--count", type=int, default=0, help="end after so many lines; 0: never")
    args = options.parse_args()

    socket = zmq.Context().socket(zmq.SUB)
    for level in args.levels.split(","):
        topic = TOPICS[args.detail] + "|"
        socket.setsockopt_string(zmq.SUBSCRIBE, f"{topic}{level}|" if level else topic)
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
        for what in lines(batch):
            print(json.dumps(what, ensure_ascii=False), flush=True)
            printed += 1
            if printed == args.count:
                return


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
