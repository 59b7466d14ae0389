"""What these tests share."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _collected() -> Iterator[None]:
    """Programs that are refused leave futures with exceptions, which asyncio reports when they are collected. That must
    not happen while Python parses a module: 3.11 then fails (cpython issue 106905), and pytest's summary with it."""
    yield
    gc.collect()
