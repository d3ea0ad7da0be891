"""Semaphores, shared memory and queues of its own, removed again."""


def work(module):
    semaphore = module.Semaphore(None, module.IPC_CREX, initial_value=1)
    try:
        semaphore.acquire()
        semaphore.release()
        with semaphore:
            assert semaphore.value == 0
    finally:
        semaphore.remove()
    memory = module.SharedMemory(None, module.IPC_CREX, size=64)
    try:
        memory.write(b"hello")
        assert memory.read(5) == b"hello"
        memory.detach()
    finally:
        memory.remove()
    queue = module.MessageQueue(None, module.IPC_CREX)
    try:
        queue.send(b"hello", type=2)
        assert queue.receive(type=2) == (b"hello", 2)
    finally:
        queue.remove()


def errors(module):
    yield lambda: module.Semaphore(0x7E57AB1E), module.ExistentialError
    yield lambda: module.MessageQueue(0x7E57AB1E), module.ExistentialError


def specimens(module):
    made = [
        module.Semaphore(None, module.IPC_CREX),
        module.SharedMemory(None, module.IPC_CREX, size=64),
        module.MessageQueue(None, module.IPC_CREX),
    ]
    for thing in made:
        thing.remove()
    return made
