"""ZeroMQ's own proxy between publishers and subscribers. Prints where it listens."""

import zmq

context = zmq.Context()
publishers, subscribers = context.socket(zmq.XSUB), context.socket(zmq.XPUB)
for socket in (publishers, subscribers):
    socket.bind("tcp://127.0.0.1:*")
    print(socket.getsockopt_string(zmq.LAST_ENDPOINT), flush=True)
zmq.proxy(publishers, subscribers)
