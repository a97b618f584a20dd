import threading


class FIFOLock:
    """Like the real one it cannot be taken twice by one thread."""

    def __init__(self):
        self._lock = threading.Lock()

    def acquire(self, blocking=True):
        # the real one waits for ever, which a test should not
        return self._lock.acquire(blocking, 5 if blocking else -1) or _stuck()

    def release(self):
        self._lock.release()

    __enter__ = acquire

    def __exit__(self, t, v, tb):
        self.release()


def _stuck():
    raise AssertionError("the queue was taken twice by one job")
