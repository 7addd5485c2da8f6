"""Waiting by looking, never by sleeping for long enough."""

import asyncio
import inspect
import time


async def until(condition, timeout=10.0, what="", every=0.02):
    """Returns the first truthy value of `condition()` (plain or async); fails with `what` (a text, or a function that
    makes one then) after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > deadline:
            text = what() if callable(what) else what
            raise AssertionError(f"after {timeout:g} s still not: {text or inspect.getsource(condition).strip()}")
        await asyncio.sleep(every)
