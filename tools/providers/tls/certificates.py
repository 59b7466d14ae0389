"""Requests and certificates: what is asked of the official provider, in X.509."""

import hashlib
import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tools.providers.kept import Inputs
from tools.providers.tls import keys

_SUBJECT: Final = {
    "commonName": NameOID.COMMON_NAME,
    "country": NameOID.COUNTRY_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "postalCode": NameOID.POSTAL_CODE,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
}
# The names of `allowed_uses`, and what cryptography calls them.
_KEY_USES: Final = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
}
_EXTENDED_USES: Final = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
}
USES: Final = (*_KEY_USES, *_EXTENDED_USES)


def failures(inputs: Inputs) -> Iterator[tuple[str, str]]:
    """Why there can't be such a certificate: property and reason."""
    for name in ("validityPeriodHours", "earlyRenewalHours"):
        hours = inputs.get(name, 0)
        if not isinstance(hours, int) or isinstance(hours, bool) or hours < 0:
            yield name, f"{name} must be a whole number of at least 0, not {hours!r}"
    for use in inputs.get("allowedUses", ()):
        if use not in USES:
            yield "allowedUses", f"{use!r} is no use of a key; there are {', '.join(USES)}"
    yield from _bad_names(inputs)


def _bad_names(inputs: Inputs) -> Iterator[tuple[str, str]]:
    for name in inputs.get("subject") or {}:
        if name not in (*_SUBJECT, "streetAddresses", "emailAddress"):
            yield "subject", f"{name} is no part of a subject; there are {', '.join(_SUBJECT)}"
    for address in inputs.get("ipAddresses") or ():
        try:
            ipaddress.ip_address(address)
        except ValueError:
            yield "ipAddresses", f"{address!r} is no IP address"


def make_request(inputs: Inputs) -> tuple[str, dict[str, Any]]:
    """Id and outputs of a CertRequest."""
    key = keys.read(inputs["privateKeyPem"])
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(inputs))
    if names := _alternative_names(inputs):
        builder = builder.add_extension(names, critical=False)
    request = builder.sign(key, keys.digest(key))
    pem = request.public_bytes(Encoding.PEM).decode()
    return _id(pem), {"certRequestPem": pem, "keyAlgorithm": keys.algorithm(key)}


def make_self_signed(inputs: Inputs) -> tuple[str, dict[str, Any]]:
    """Id and outputs of a SelfSignedCert."""
    key = keys.read(inputs["privateKeyPem"])
    subject = _name(inputs)
    builder = _builder(inputs, subject, subject, key.public_key())
    if names := _alternative_names(inputs):
        builder = builder.add_extension(names, critical=False)
    identifier, outputs = _signed(builder, key)
    return identifier, outputs | {"keyAlgorithm": keys.algorithm(key)}


def make_locally_signed(inputs: Inputs) -> tuple[str, dict[str, Any]]:
    """Id and outputs of a LocallySignedCert: subject and names are the request's. Raises ValueError."""
    request = x509.load_pem_x509_csr(inputs["certRequestPem"].encode())
    authority = x509.load_pem_x509_certificate(inputs["caCertPem"].encode())
    key = keys.read(inputs["caPrivateKeyPem"])
    if authority.public_key() != key.public_key():
        raise ValueError("caPrivateKeyPem is not the key of caCertPem")
    builder = _builder(inputs, request.subject, authority.subject, request.public_key())
    for extension in request.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
    )
    identifier, outputs = _signed(builder, key)
    return identifier, outputs | {"caKeyAlgorithm": keys.algorithm(key)}


def due(outputs: Inputs) -> bool:
    """Whether a certificate is within its `earlyRenewalHours` of its end, or past it."""
    end = outputs.get("validityEndTime")
    if not isinstance(end, str):
        return False
    early = timedelta(hours=outputs.get("earlyRenewalHours") or 0)
    return datetime.now(UTC) >= datetime.fromisoformat(end) - early


def _builder(
    inputs: Inputs, subject: x509.Name, issuer: x509.Name, public: CertificatePublicKeyTypes
) -> x509.CertificateBuilder:
    start = datetime.now(UTC).replace(microsecond=0)
    authority = bool(inputs.get("isCaCertificate"))
    uses = {_KEY_USES[use] for use in inputs["allowedUses"] if use in _KEY_USES}
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(hours=inputs["validityPeriodHours"]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_key_usage(uses), critical=True)
    )
    if extended := [_EXTENDED_USES[use] for use in inputs["allowedUses"] if use in _EXTENDED_USES]:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    if authority or inputs.get("setSubjectKeyId"):
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    return builder


def _signed(builder: x509.CertificateBuilder, key: keys.PrivateKey) -> tuple[str, dict[str, Any]]:
    certificate = builder.sign(key, keys.digest(key))
    return str(certificate.serial_number), {
        "certPem": certificate.public_bytes(Encoding.PEM).decode(),
        "readyForRenewal": False,
        "validityStartTime": certificate.not_valid_before_utc.isoformat(),
        "validityEndTime": certificate.not_valid_after_utc.isoformat(),
    }


def _key_usage(uses: set[str]) -> x509.KeyUsage:
    wanted = dict.fromkeys([*_KEY_USES.values(), "encipher_only", "decipher_only"], False) | dict.fromkeys(uses, True)
    return x509.KeyUsage(**wanted)


def _name(inputs: Inputs) -> x509.Name:
    subject = inputs.get("subject") or {}
    return x509.Name([x509.NameAttribute(_SUBJECT[part], text) for part, text in subject.items() if part in _SUBJECT])


def _alternative_names(inputs: Inputs) -> x509.SubjectAlternativeName | None:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in inputs.get("dnsNames") or ()]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in inputs.get("ipAddresses") or ()]
    names += [x509.UniformResourceIdentifier(uri) for uri in inputs.get("uris") or ()]
    return x509.SubjectAlternativeName(names) if names else None


def _id(pem: str) -> str:
    return hashlib.sha1(pem.encode()).hexdigest()  # noqa: S324  an id, as the official one's
