"""etcd's certificates: an authority of its own, members that prove their names, users that are known by theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_tls as tls
from pulumi_kubernetes import core

from components import naming
from components.workloads import pod

_YEAR: Final = 365 * 24  # hours
_AUTHORITY_HOURS: Final = 10 * _YEAR
_HOURS: Final = _YEAR
_EARLY_HOURS: Final = 120 * 24  # before its end, from when on an update renews a certificate
_AUTHORITY_USES: Final = ("cert_signing", "crl_signing", "digital_signature")
_MEMBER_USES: Final = ("digital_signature", "server_auth", "client_auth")  # peers call each other
_USER_USES: Final = ("digital_signature", "client_auth")


@dataclass(frozen=True, kw_only=True)
class EtcdCertificatesArgs:
    """`cluster`: what every member's certificate has as common name, which peers demand of each other; `members`: name
    -> its DNS name; `users`: common names. `authorities`: numbers of those that are trusted; the first one signs."""

    namespace: pulumi.Input[str]
    cluster: str
    members: Mapping[str, pulumi.Input[str]]
    users: tuple[str, ...]
    authorities: tuple[int, ...] = (1,)

    def __post_init__(self) -> None:
        if not self.authorities or len(set(self.authorities)) < len(self.authorities):
            raise ValueError(
                f"EtcdCertificatesArgs.authorities: {list(self.authorities)} must name one or more, each once"
            )


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """PEM."""

    certificate: pulumi.Output[str]
    key: pulumi.Output[str]


class EtcdCertificates(pulumi.ComponentResource):
    """A Secret for the members (ca.crt, and <member>.crt and .key of each), and one for each user (ca.crt, tls.crt,
    tls.key). Renewed contents are a new Secret, whose new name rolls what mounts it: one member at a time."""

    members: pulumi.Output[str]  # names of Secrets
    users: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: EtcdCertificatesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:EtcdCertificates", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        metadata = pod.metadata(args.namespace, naming.labels("etcd", args.cluster, "certificates"))
        authorities = [_authority(f"{name}-authority-{number}", args.cluster, child) for number in args.authorities]
        # One after the other in a file: each is trusted.
        trusted = pulumi.Output.concat(*(authority.certificate for authority in authorities))

        def secret(what: str, content: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
            made = core.v1.Secret(
                f"{name}-{what}",
                metadata=metadata,
                string_data={key: pulumi.Output.secret(value) for key, value in content.items()},
                opts=child,
            )
            return made.metadata["name"]

        content: dict[str, pulumi.Input[str]] = {"ca.crt": trusted}
        for member, address in args.members.items():
            names = (address, "localhost")
            pair = _signed(f"{name}-{member}", authorities[0], args.cluster, _MEMBER_USES, child, names, ("127.0.0.1",))
            content |= {f"{member}.crt": pair.certificate, f"{member}.key": pair.key}
        self.members = secret("members", content)
        self.users = {}
        for user in args.users:
            pair = _signed(f"{name}-user-{user}", authorities[0], user, _USER_USES, child)
            content = {"ca.crt": trusted, "tls.crt": pair.certificate, "tls.key": pair.key}
            self.users[user] = secret(f"user-{user}-secret", content)
        self.register_outputs({"members": self.members, "users": self.users})


def _authority(name: str, cluster: str, opts: pulumi.ResourceOptions) -> _Pair:
    """Renewed with the key it has, so that what it has signed stays trusted."""
    key = tls.PrivateKey(f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=opts)
    made = tls.SelfSignedCert(
        name,
        private_key_pem=key.private_key_pem,
        subject={"common_name": f"{cluster} authority"},
        is_ca_certificate=True,
        set_subject_key_id=True,
        allowed_uses=_AUTHORITY_USES,
        validity_period_hours=_AUTHORITY_HOURS,
        early_renewal_hours=_YEAR,  # what it signs lasts no longer than it does
        opts=opts,
    )
    return _Pair(certificate=made.cert_pem, key=key.private_key_pem)


def _signed(
    name: str,
    authority: _Pair,
    common_name: str,
    uses: Sequence[str],
    opts: pulumi.ResourceOptions,
    names: Sequence[pulumi.Input[str]] = (),
    addresses: Sequence[str] = (),
) -> _Pair:
    key = tls.PrivateKey(f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=opts)
    request = tls.CertRequest(
        f"{name}-request",
        private_key_pem=key.private_key_pem,
        subject={"common_name": common_name},
        dns_names=names or None,
        ip_addresses=addresses or None,
        opts=opts,
    )
    made = tls.LocallySignedCert(
        name,
        cert_request_pem=request.cert_request_pem,
        ca_cert_pem=authority.certificate,
        ca_private_key_pem=authority.key,
        allowed_uses=uses,
        validity_period_hours=_HOURS,
        early_renewal_hours=_EARLY_HOURS,
        opts=opts,
    )
    return _Pair(certificate=made.cert_pem, key=key.private_key_pem)
