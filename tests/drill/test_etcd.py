"""The drill of etcd in small: each fault once or a few times, on one cluster of members; `make drill` does more."""

import pytest

from tests.drill.disaster import disaster
from tests.drill.elections import elections
from tests.drill.quorum import disk, quorum, upgrade
from tests.drill.rows import Row, table
from tests.drill.space import space
from tests.drill.strangers import strangers
from tests.harness import members

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with members.running(tmp_path_factory.mktemp("drill") / "cluster") as made:
        yield made


def kept(rows):
    """Every promise but those of seconds: how fast this machine is, no test asserts."""
    broken = [row for row in rows if not row.passed and " within " not in row.promise]
    assert not broken, "\n".join(table(broken))


def test_who_may_not_is_refused(cluster, tmp_path):
    kept(strangers(cluster, tmp_path))


def test_a_leader_that_dies_or_stops_leaves_a_linearizable_history(cluster, tmp_path):
    kept(elections(cluster, tmp_path, kills=3, pauses=1))


def test_pods_are_replaced_a_quorum_is_lost_and_a_disk(cluster, tmp_path):
    kept(upgrade(cluster, tmp_path) + quorum(cluster, tmp_path) + disk(cluster, tmp_path))


def test_all_is_lost_and_comes_back(cluster):
    kept(disaster(cluster))


def test_a_full_store_opens_again(tmp_path):
    kept(space(tmp_path))


def test_a_promise_that_was_not_kept_is_seen():
    rows = [
        Row(fault="one", promise="a", found="b", passed=True),
        Row(fault="two", promise="a", found="c", passed=False),
    ]
    assert [line.split()[-1] for line in table(rows)] == ["found", "ok", "FAILED"]
