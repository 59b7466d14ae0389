"""How a check's ValueError ends a run: with its text alone, without the trace of a fault in the program."""

from collections.abc import Iterator
from contextlib import contextmanager

import pulumi


@contextmanager
def ends_the_run() -> Iterator[None]:
    """Raises RunError where what is done within raises ValueError."""
    try:
        yield
    except ValueError as error:
        raise pulumi.RunError(str(error)) from None
