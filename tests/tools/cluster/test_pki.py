import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store

from tools.cluster import ClusterSettings, pki


@pytest.fixture
def s(tmp_path: Path) -> ClusterSettings:
    s = ClusterSettings(root=tmp_path)
    pki.ensure(s)
    return s


def contents(s: ClusterSettings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (s.folder / "pki").iterdir()}


def certificate(s: ClusterSettings, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(s.certificate(name).read_bytes())


def test_every_server_is_verified_by_its_authority_alone(s: ClusterSettings) -> None:
    for leaf in pki.leaves(s):
        for name in leaf.names:
            for authority in pki.AUTHORITIES:
                store = Store([certificate(s, authority)])
                verifier = PolicyBuilder().store(store).build_server_verifier(x509.DNSName(name))
                if authority == leaf.authority:
                    verifier.verify(certificate(s, leaf.name), [])
                else:
                    with pytest.raises(x509.verification.VerificationError):
                        verifier.verify(certificate(s, leaf.name), [])


def test_only_servers_may_serve(s: ClusterSettings) -> None:
    for leaf in pki.leaves(s):
        usages = certificate(s, leaf.name).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert (ExtendedKeyUsageOID.SERVER_AUTH in usages) == bool(leaf.names or leaf.addresses), leaf.name


def test_keys_are_for_their_owner_only(s: ClusterSettings) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (s.folder / "pki").glob("*.key")}
    assert len(modes) == len(pki.leaves(s)) + len(pki.AUTHORITIES) + 1
    assert set(modes.values()) == {0o600}


def test_a_second_run_changes_nothing(s: ClusterSettings) -> None:
    before = contents(s)
    pki.ensure(s)
    assert contents(s) == before


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
@pytest.mark.parametrize("file", ["kubelet.crt", "kubelet.key"])
def test_a_damaged_leaf_is_made_again_and_no_other(s: ClusterSettings, file: str, damage: bytes | None) -> None:
    before = contents(s)
    path = s.folder / "pki" / file
    path.unlink() if damage is None else path.write_bytes(damage)
    pki.ensure(s)
    changed = {name for name, text in contents(s).items() if text != before[name]}
    assert changed == {"kubelet.crt", "kubelet.key"}


def test_a_new_authority_brings_new_leaves(s: ClusterSettings) -> None:
    before = contents(s)
    s.key("etcd-ca").unlink()
    pki.ensure(s)
    changed = {name.split(".")[0] for name, text in contents(s).items() if text != before[name]}
    assert changed == {"etcd-ca", "etcd", "apiserver-etcd"}


def test_leaves_near_their_end_are_renewed(s: ClusterSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(s)
    later = datetime.now(UTC) + timedelta(days=pki.LEAF_DAYS - pki.RENEW_DAYS + 1)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return later

    monkeypatch.setattr(pki, "datetime", Later)
    pki.ensure(s)
    unchanged = {name.split(".")[0] for name, text in contents(s).items() if text == before[name]}
    assert unchanged == {*pki.AUTHORITIES, "service-accounts"}
    assert certificate(s, "kubelet").not_valid_after_utc > later + timedelta(days=pki.LEAF_DAYS - 1)


def test_other_addresses_bring_another_server_certificate(s: ClusterSettings, tmp_path: Path) -> None:
    moved = ClusterSettings.load("dev", root=tmp_path, node_range="172.31.250.0/30")
    before = contents(s)
    pki.ensure(moved)
    changed = {name.split(".")[0] for name, text in contents(moved).items() if text != before[name]}
    assert changed == {"apiserver", "kubelet"}
