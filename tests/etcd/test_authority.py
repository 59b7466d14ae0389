"""Another authority of certificates, member by member: all trust it before it signs, and the old one goes last."""

import time

import pytest
from autoglm_etcd.cluster import Cluster
from autoglm_etcd.connection import Credentials
from autoglm_etcd.keys import Keys

from tests.harness import etcd, members

pytestmark = pytest.mark.integration
_ALONE = 5.0  # seconds in which a member that is trusted would have been let in


class Authorities:
    def __init__(self, pods):
        self.pods = pods
        self.known = {1: pods.keys, 2: etcd.Etcd(pods.folder / "second", [])}

    def mount(self, trusted):
        """Folders of a member's and of the administrator's certificates; the first of `trusted` signs."""
        pods, signer = self.pods, self.known[trusted[0]]
        addresses = ["127.0.0.1", *map(pods.address, pods.numbers)]
        bundle = "".join((self.known[number].folder / "ca.pem").read_text() for number in trusted)
        made = []
        for user, given in ((pods.shape.name, addresses), ("root", [])):
            folder = pods.folder / f"{'-'.join(map(str, trusted))}-{user}"
            folder.mkdir()
            pair = signer.credentials(user, addresses=given)
            (folder / "tls.crt").write_bytes(pair.certificate.read_bytes())
            (folder / "tls.key").write_bytes(pair.key.read_bytes())
            (folder / "ca.crt").write_text(bundle)
            made.append(folder)
        return made

    def replace(self, number, mounted):
        """A pod of a member by one with other certificates."""
        member, administrator = mounted
        self.pods.end(number)
        self.pods.create(number, more=(f"--member-tls={member}", f"--tls={administrator}"))

    def administrator(self, mounted):
        folder = mounted[1]
        return Credentials(ca=folder / "ca.crt", certificate=folder / "tls.crt", key=folder / "tls.key")


def test_a_new_authority_takes_over_in_three_updates(tmp_path):
    with members.running(tmp_path / "cluster") as pods:
        authorities = Authorities(pods)
        for trusted in ((1, 2), (2, 1), (2,)):
            mounted = authorities.mount(trusted)
            pods.credentials = authorities.administrator(mounted)
            for number in reversed(pods.numbers):
                authorities.replace(number, mounted)
                pods.wait()
            with pods.connect() as connection:
                Keys(connection).put("/a/trusted", repr(trusted).encode())


def test_an_authority_that_nobody_trusts_stops_the_update_at_the_first_member(tmp_path):
    with members.running(tmp_path / "cluster") as pods:
        authorities, before = Authorities(pods), pods.credentials
        mounted = authorities.mount((2,))
        authorities.replace(2, mounted)
        time.sleep(_ALONE)
        pods.credentials = authorities.administrator(mounted)
        with pods.connect() as connection:
            assert not Cluster(connection).healthy(pods.endpoint(2))
        pods.credentials = before
        with pods.connect(pods.endpoint(0), pods.endpoint(1)) as connection:
            Keys(connection).put("/a/still", b"1")
