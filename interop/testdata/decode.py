"""Decodes each line of stdin, a message in hexadecimal, by way of the example. Says how much there is to print of it, or why
nothing is."""

import json
import sys

sys.path.insert(0, "../examples/python")
import read_binary

for line in sys.stdin:
    try:
        batch = read_binary.decode(bytes.fromhex(line))
        print(json.dumps({"lines": len(list(read_binary.lines(batch)))}), flush=True)
    except read_binary.Malformed as reason:
        print(json.dumps({"malformed": str(reason)}), flush=True)
