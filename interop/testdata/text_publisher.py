"""Publishes each line of stdin, a JSON list of level, type, name, value and source, by way of the example."""

import json
import sys

sys.path.insert(0, "../examples/python")
import publish_text

endpoint, level = sys.argv[1:]
socket = publish_text.connect(endpoint, level)
for line in sys.stdin:
    publish_text.publish(socket, *json.loads(line))
socket.close(linger=5000)
