"""How a member starts: every case of what it may find, and a lost disk among real members."""

import shutil

import pytest
from autoglm_etcd.cluster import Cluster, Member
from autoglm_etcd.connection import EtcdError
from autoglm_etcd.keeper import join
from autoglm_etcd.keeper.join import Facts, Start
from autoglm_etcd.keeper.shape import Shape
from autoglm_etcd.keys import Keys

from tests.harness.waiting import until

HERE = "https://etcd-1.etcd.autoglm.svc:2380"
OTHER = Member(id=1, name="etcd-0", peer_urls=("https://etcd-0.etcd.autoglm.svc:2380",), client_urls=(), learner=False)
SELF = Member(id=2, name="", peer_urls=(HERE,), client_urls=(), learner=False)


@pytest.mark.parametrize(
    ("has_data", "founded", "members", "start"),
    [
        (False, False, None, Start.NEW),
        (False, True, None, Start.WAIT),  # a lost disk while the others are down: never a new cluster
        (False, False, [OTHER, SELF], Start.JOIN),
        (False, True, [OTHER, SELF], Start.JOIN),
        (False, True, [OTHER], Start.JOIN),
        (True, False, None, Start.KEPT),
        (True, True, None, Start.KEPT),  # after an outage of all
        (True, True, [OTHER, SELF], Start.KEPT),
        (True, True, [OTHER], Start.REJOIN),
    ],
)
def test_how_a_member_starts(has_data, founded, members, start):
    assert join.decide(Facts(has_data=has_data, founded=founded, members=members), HERE) is start


@pytest.mark.integration
def test_a_member_that_lost_its_disk_comes_back_without_a_vote_until_it_knows_what_the_others_do(own):
    lost = own.members[0]
    shape = shape_of(own)
    with own.connect() as connection:
        keys, cluster = Keys(connection), Cluster(connection)
        for number in range(50):
            keys.put(f"/a/{number}", b"x" * 1000)
        lost.kill()
        shutil.rmtree(own.data(lost))
        # At first refused: members are to know each other for some seconds before one more comes.
        until(lambda: _entered(cluster, shape, lost.name), "the others let it in")
        entered = join.initial_cluster({member.name: member.peer_url for member in own.members})
        assert join.enter(cluster, shape, lost.name) == entered  # after a crash: nothing changes
        assert [member.peer_urls for member in cluster.members() if member.learner] == [(lost.peer_url,)]
        own.start(lost, state="existing")
        learner = next(member for member in cluster.members() if member.learner)
        with own.connect() as fresh:
            until(lambda: Cluster(fresh).statuses([lost.endpoint]), "the learner answers")
            assert len(Cluster(fresh).members()) == 3, "who is asked first is a learner, which refuses: another answers"
        until(lambda: _promoted(cluster, learner.id), "the learner has a vote")
        own.wait()
        assert not any(member.learner for member in cluster.members())
        revision = keys.put("/a/after", b"1")
        with own.connect() as again:
            hashes = [Cluster(again).hash(endpoint, revision) for endpoint in own.endpoints]
        assert len(set(hashes)) == 1


@pytest.mark.integration
def test_without_a_quorum_nobody_is_let_in(own):
    with own.connect(timeout=1.0) as connection:
        for member in own.members[:2]:
            member.kill()
        with pytest.raises(EtcdError):
            join.enter(Cluster(connection), shape_of(own), own.members[0].name)


class _Loopback(Shape):
    """Members by port in place of name."""

    found: dict[str, object]

    def peer_url(self, member):
        return self.found[member].peer_url

    def client_url(self, member):
        return self.found[member].endpoint


def shape_of(etcd, size=3):
    shape = _Loopback(name="etcd", domain="-", size=size)
    object.__setattr__(shape, "found", {member.name: member for member in etcd.members})
    return shape


def _entered(cluster, shape, name):
    try:
        return join.enter(cluster, shape, name)
    except EtcdError:
        return None


def _promoted(cluster, member):
    try:
        cluster.promote(member)
    except EtcdError:
        return False
    return True
