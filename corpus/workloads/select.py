"""Waits for a pipe in every way there is."""

import os


def work(module):
    reading, writing = os.pipe()
    try:
        os.write(writing, b"x")
        assert module.select([reading], [], [], 5)[0] == [reading]
        poll = module.poll()
        poll.register(reading, module.POLLIN)
        assert poll.poll(5000) == [(reading, module.POLLIN)]
        poll.unregister(reading)
        if hasattr(module, "epoll"):
            with module.epoll() as epoll:
                epoll.register(reading, module.EPOLLIN)
                assert epoll.poll(5) == [(reading, module.EPOLLIN)]
    finally:
        os.close(reading)
        os.close(writing)
