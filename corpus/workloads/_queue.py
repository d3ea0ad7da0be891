"""Items through a queue, between threads too."""

import threading


def work(module):
    queue = module.SimpleQueue()
    for item in range(20):
        queue.put(item)
    assert [queue.get() for _ in range(20)] == list(range(20))
    thread = threading.Thread(target=queue.put, args=("late",))
    thread.start()
    assert queue.get(timeout=10) == "late"
    thread.join()
    assert queue.empty() and queue.qsize() == 0


def errors(module):
    queue = module.SimpleQueue()
    yield queue.get_nowait, module.Empty
    yield lambda: queue.get(timeout=0.001), module.Empty
