"""The kinds of keys and certificates. What only other programs need is left out: OpenSSH forms, fingerprints, and
write-only arguments."""

from collections.abc import Mapping
from typing import Final

from tools.providers.kept import READY, Kind
from tools.providers.tls import certificates, keys

_NAMES: Final = frozenset(("subject", "dnsNames", "ipAddresses", "uris"))
_VALIDITY: Final = frozenset(
    ("allowedUses", "validityPeriodHours", "earlyRenewalHours", "isCaCertificate", "setSubjectKeyId")
)
_CERTIFICATE: Final = ("certPem", READY, "validityStartTime", "validityEndTime")

KINDS: Final[Mapping[str, Kind]] = {
    "PrivateKey": Kind(
        outputs=("privateKeyPem", "privateKeyPemPkcs8", "publicKeyPem"),
        secret=frozenset(("privateKeyPem", "privateKeyPemPkcs8")),
        make=keys.make,
        inputs=frozenset(("algorithm", "ecdsaCurve", "rsaBits")),
        defaults=keys.with_defaults,
        failures=keys.failures,
    ),
    "CertRequest": Kind(
        outputs=("certRequestPem", "keyAlgorithm"),
        secret=frozenset(("privateKeyPem",)),
        make=certificates.make_request,
        inputs=_NAMES | {"privateKeyPem"},
        failures=certificates.failures,
    ),
    "SelfSignedCert": Kind(
        outputs=(*_CERTIFICATE, "keyAlgorithm"),
        secret=frozenset(("privateKeyPem",)),
        make=certificates.make_self_signed,
        inputs=_NAMES | _VALIDITY | {"privateKeyPem"},
        failures=certificates.failures,
        due=certificates.due,
    ),
    "LocallySignedCert": Kind(
        outputs=(*_CERTIFICATE, "caKeyAlgorithm"),
        secret=frozenset(("caPrivateKeyPem",)),
        make=certificates.make_locally_signed,
        inputs=_VALIDITY | {"certRequestPem", "caPrivateKeyPem", "caCertPem"},
        failures=certificates.failures,
        due=certificates.due,
    ),
}
