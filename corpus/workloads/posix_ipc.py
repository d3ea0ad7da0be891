"""Semaphores, shared memory and queues under names of this process, unlinked again."""

import os
import threading


def work(module):
    name = f"/probe-{os.getpid()}-{threading.get_ident()}"
    semaphore = module.Semaphore(name, module.O_CREX, initial_value=1)
    try:
        semaphore.acquire()
        semaphore.release()
        with semaphore:
            assert semaphore.value == 0
    finally:
        semaphore.close()
        module.unlink_semaphore(name)
    memory = module.SharedMemory(name, module.O_CREX, size=4096)
    try:
        assert memory.size == 4096
    finally:
        memory.close_fd()
        module.unlink_shared_memory(name)


def errors(module):
    yield lambda: module.Semaphore("/probe-never-there"), module.ExistentialError
    yield lambda: module.unlink_semaphore("/probe-never-there"), module.ExistentialError


def specimens(module):
    name = f"/probe-kept-{os.getpid()}-{threading.get_ident()}"
    semaphore = module.Semaphore(name, module.O_CREX)
    made = [semaphore, module.SharedMemory(name, module.O_CREX, size=64)]
    for thing in made:
        thing.unlink()
    return made
