"""The cluster's certificates: three authorities and what they vouch for, as a table.

etcd has an authority of its own, so that no credential of the API opens it; the aggregation layer has one, so that no
client certificate passes for the API server's proxy (Kubernetes, "PKI certificates and requirements").
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tools.cluster.files import write
from tools.cluster.settings import ClusterSettings

AUTHORITIES = ("ca", "etcd-ca", "front-proxy-ca")
AUTHORITY_DAYS = 3650
LEAF_DAYS = 365
RENEW_DAYS = 30  # a start renews what has fewer days left
_EARLIER = timedelta(minutes=5)  # tolerates a clock that is set back

Pair = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


@dataclass(frozen=True)
class Leaf:
    """One certificate: `names` and `addresses` make it a server's; every one is a client's too."""

    name: str
    common_name: str
    organization: str | None = None
    authority: str = "ca"
    names: tuple[str, ...] = ()
    addresses: tuple[ipaddress.IPv4Address, ...] = ()


def leaves(s: ClusterSettings) -> list[Leaf]:
    loopback = ipaddress.IPv4Address("127.0.0.1")
    service = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
    return [
        Leaf(
            "apiserver",
            "kube-apiserver",
            names=(*service, "localhost"),
            addresses=(s.node_address, s.api_service_address, loopback),
        ),
        Leaf("etcd", "etcd", authority="etcd-ca", names=("localhost",), addresses=(loopback,)),
        Leaf("apiserver-etcd", "kube-apiserver", authority="etcd-ca"),
        Leaf("apiserver-kubelet", "kube-apiserver-kubelet", "autoglm:kubelet-clients"),
        Leaf("front-proxy", "front-proxy", authority="front-proxy-ca"),
        Leaf("kubelet", f"system:node:{s.node}", "system:nodes", names=(s.node,), addresses=(s.node_address,)),
        Leaf("admin", "kubernetes-admin", "system:masters"),
        Leaf("controller-manager", "system:kube-controller-manager"),
        Leaf("scheduler", "system:kube-scheduler"),
        Leaf("proxy", "system:kube-proxy"),
        Leaf("node-agent", "autoglm:node-agent"),
        Leaf("metrics-server", "metrics-server", names=("metrics-server.kube-system.svc",)),
    ]


def ensure(s: ClusterSettings) -> None:
    """Makes what is missing, damaged, near its end or for other addresses; leaves the rest as it is."""
    now = datetime.now(UTC)
    authorities = {}
    for name in AUTHORITIES:
        pair = _load(s, name)
        if pair is None or not _valid(pair, now):
            pair = _authority(f"{s.node} {name}", now)
            _store(s, name, pair)
        authorities[name] = pair
    for leaf in leaves(s):
        pair = _load(s, leaf.name)
        if pair is None or not _valid(pair, now) or not _fits(pair[1], leaf, authorities[leaf.authority][1]):
            _store(s, leaf.name, _issue(leaf, authorities[leaf.authority], now))
    if not _is_key(s.key("service-accounts")):
        # tokens outlive certificates: renewing this key would invalidate each of them
        write(s.key("service-accounts"), _pem(ec.generate_private_key(ec.SECP256R1())), 0o600)
    public = _key(s.key("service-accounts")).public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    write(s.folder / "pki" / "service-accounts.pub", public.public_bytes(serialization.Encoding.PEM, spki))


def _authority(name: str, now: datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        _builder(subject, subject, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
    )
    return key, builder.sign(key, hashes.SHA256())


def _issue(leaf: Leaf, authority: Pair, now: datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        _builder(_subject(leaf), authority[1].subject, key, now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority[0].public_key()), critical=False)
    )
    if alternatives := _alternatives(leaf):
        usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return key, builder.sign(authority[0], hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _subject(leaf: Leaf) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, leaf.common_name)]
    if leaf.organization:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, leaf.organization))
    return x509.Name(parts)


def _alternatives(leaf: Leaf) -> list[x509.GeneralName]:
    return [*(x509.DNSName(name) for name in leaf.names), *(x509.IPAddress(a) for a in leaf.addresses)]


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _valid(pair: Pair, now: datetime) -> bool:
    key, certificate = pair
    left = certificate.not_valid_after_utc - now
    return key.public_key() == certificate.public_key() and left > timedelta(days=RENEW_DAYS)


def _fits(certificate: x509.Certificate, leaf: Leaf, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    try:
        held: Iterable[x509.GeneralName] = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        held = ()
    return certificate.subject == _subject(leaf) and list(held) == _alternatives(leaf)


def _load(s: ClusterSettings, name: str) -> Pair | None:
    """None for what is missing or damaged: it is made again."""
    try:
        return _key(s.key(name)), x509.load_pem_x509_certificate(s.certificate(name).read_bytes())
    except (OSError, ValueError, TypeError):
        return None


def _store(s: ClusterSettings, name: str, pair: Pair) -> None:
    write(s.key(name), _pem(pair[0]), 0o600)
    write(s.certificate(name), pair[1].public_bytes(serialization.Encoding.PEM))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path}: not a key on an elliptic curve")
    return key


def _is_key(path: Path) -> bool:
    try:
        _key(path)
    except (OSError, ValueError, TypeError):
        return False
    return True
