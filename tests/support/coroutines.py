"""Coroutines run to their end from a test."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


def run(coroutine):
    """Run ``coroutine`` in an event loop of its own and return what it returns.

    In a thread: a browser that another test of the same process keeps open keeps an event loop
    running in this one, and ``asyncio.run`` refuses to start beside it.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
