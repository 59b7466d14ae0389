"""A short fuzz run; the long one is `python -m tests.fuzz --requests 10000`."""

from pathlib import Path

from fuzz import after, run
from harness import light_server


def test_broken_requests_leave_the_server_serving_and_its_cache_empty(tmp_path: Path):
    with light_server(tmp_path / "log") as server:
        statuses, faults = run(server, 500, seed=1)
        assert not faults, "\n".join(faults[:5])
        assert not after(server)
    assert statuses[200] > 50
    assert statuses[400] > 100
    errors = [event for event in server.events() if event["level"] == "error"]
    assert not errors, errors[:3]
