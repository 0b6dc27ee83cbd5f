#!/usr/bin/env python3
"""Publishes a measurement in Zibrato's text form, docs/wire.md.

    publish_text.py Counter jobs.done 5
    publish_text.py Timer db.query 0.0125 --level debug --source orders

It needs pyzmq (Debian: python3-zmq).
"""

import argparse
import time

import zmq


def connect(endpoint, level):
    """A socket that somebody listens to: what is sent before that is lost."""
    socket = zmq.Context.instance().socket(zmq.XPUB)  # a PUB that hears what is subscribed to
    socket.connect(endpoint)
    topic = level.encode() + b"|"
    while True:
        heard = socket.recv()
        if heard[:1] == b"\x01" and topic.startswith(heard[1:]):
            return socket


def publish(socket, level, kind, name, value, source=""):
    socket.send_string(f"{level}|{kind}|{name}|{value}|{int(time.time())}|{source}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("kind", choices=["Gauge", "Timer", "Counter"])
    options.add_argument("name")
    options.add_argument("value", type=float, help="a timer's in seconds")
    options.add_argument("--to", default="tcp://127.0.0.1:5550", help="where to connect to")
    options.add_argument("--level", default="info")
    options.add_argument("--source", default="python")
    args = options.parse_args()
    socket = connect(args.to, args.level)
    publish(socket, args.level, args.kind, args.name, args.value, args.source)
    socket.close(linger=2000)


if __name__ == "__main__":
    main()
