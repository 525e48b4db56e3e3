"""Waiting for a condition with a deadline. No test sleeps and hopes."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def eventually(
    condition: Callable[[], Value], what: str = "the condition", seconds: float = 10, interval: float = 0.02
) -> Value:
    """The first truthy result of `condition`. An AssertionError inside it means "not yet".

    Fails after `seconds`, saying what was awaited and what the last attempt gave.
    """
    deadline = time.monotonic() + seconds
    while True:
        last: object = None
        try:
            value = condition()
            if value:
                return value
            last = value
        except AssertionError as error:
            last = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}; last: {last!r}")
        time.sleep(interval)
