"""Prints the fields of each text message of the given levels as a JSON list, read as Zibrato 0.2 read them."""

import json
import sys

import zmq

socket = zmq.Context().socket(zmq.SUB)
for level in sys.argv[2:]:
    socket.setsockopt_string(zmq.SUBSCRIBE, level + "|")
socket.connect(sys.argv[1])
while True:
    level, kind, name, value, timestamp, source = socket.recv_string().split("|")
    print(json.dumps([level, kind, name, value, int(timestamp), source]), flush=True)
