"""The judge of histories: what one copy could have said passes, what it could not is caught, in real histories too."""

import pytest

from tests.drill.history import Operation, judge, with_stale_read
from tests.drill.traffic import flowing
from tests.harness import members
from tests.harness.waiting import until

pytestmark = pytest.mark.integration


def operation(kind, call, returned, **fields):
    return Operation(client=1, key="/a", kind=kind, call=call, returned=returned, **fields)


WRITES = [operation("put", 10 * n, 10 * n + 5, value=str(n)) for n in range(1, 4)]


def test_a_read_of_the_last_value_passes_and_one_of_an_older_is_caught(tmp_path):
    fresh = [*WRITES, operation("get", 40, 45, found="3")]
    assert judge(fresh, tmp_path).passed
    stale = judge(with_stale_read(fresh), tmp_path)
    assert (stale.result, stale.key) == ("not linearizable", "/a")
    assert (tmp_path / "history.html").exists()


def test_what_nobody_answered_may_have_happened_or_not(tmp_path):
    lost = operation("put", 40, None, value="4")
    for found in ("3", "4"):
        assert judge([*WRITES, lost, operation("get", 50, 55, found=found)], tmp_path).passed
    assert not judge([*WRITES, lost, operation("get", 50, 55, found="2")], tmp_path).passed


def test_a_stale_read_needs_changes_to_be_stale_of():
    with pytest.raises(ValueError, match="after three changes"):
        with_stale_read(WRITES)


def test_real_traffic_passes_and_is_caught_with_one_answer_changed(tmp_path):
    with members.running(tmp_path / "cluster", 1) as cluster:
        with flowing(cluster.endpoints, cluster.credentials) as traffic:
            until(lambda: len(traffic.history.all()) > 600, "600 operations", 300)
        history = traffic.history.all()
    assert {one.kind for one in history} == {"put", "get", "swap"}
    assert judge(history, tmp_path).passed
    assert not judge(with_stale_read(history), tmp_path).passed
