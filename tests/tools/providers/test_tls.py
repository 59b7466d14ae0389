"""Keys and certificates: what the stand-in makes is read back by another implementation, and by OpenSSL's rules."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store

from tools.providers.tls import certificates, keys
from tools.providers.tls.resources import KINDS

KEY = {"algorithm": "ECDSA", "ecdsaCurve": "P256"}


def key(**inputs):
    full = keys.with_defaults(KEY | inputs)
    assert not list(keys.failures(full))
    return keys.make(full)[1]


@pytest.fixture(scope="module")
def authority():
    made = key()
    inputs = {
        "privateKeyPem": made["privateKeyPem"],
        "subject": {"commonName": "an authority"},
        "isCaCertificate": True,
        "allowedUses": ["cert_signing", "crl_signing", "digital_signature"],
        "validityPeriodHours": 100,
    }
    return made, certificates.make_self_signed(inputs)[1]


def signed(authority, **changes):
    made = key()
    names = {"subject": {"commonName": "etcd"}, "dnsNames": ["one.example"], "ipAddresses": ["10.0.0.1"]}
    request = certificates.make_request({"privateKeyPem": made["privateKeyPem"]} | names)[1]
    inputs = {
        "certRequestPem": request["certRequestPem"],
        "caPrivateKeyPem": authority[0]["privateKeyPem"],
        "caCertPem": authority[1]["certPem"],
        "allowedUses": ["digital_signature", "server_auth", "client_auth"],
        "validityPeriodHours": 10,
        "earlyRenewalHours": 2,
    } | changes
    assert not list(certificates.failures(inputs))
    return made, inputs | certificates.make_locally_signed(inputs)[1]


def test_a_server_is_verified_by_its_authority(authority):
    _, outputs = signed(authority)
    leaf = x509.load_pem_x509_certificate(outputs["certPem"].encode())
    store = Store([x509.load_pem_x509_certificate(authority[1]["certPem"].encode())])
    verifier = PolicyBuilder().store(store).build_server_verifier(x509.DNSName("one.example"))
    assert next(found.subject for found in verifier.verify(leaf, [])) == leaf.subject
    other = PolicyBuilder().store(store).build_server_verifier(x509.DNSName("two.example"))
    with pytest.raises(x509.verification.VerificationError):
        other.verify(leaf, [])


def test_names_uses_and_key_are_those_asked_for(authority):
    made, outputs = signed(authority)
    leaf = x509.load_pem_x509_certificate(outputs["certPem"].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["one.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1"]
    uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(uses) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    assert leaf.public_key() == keys.read(made["privateKeyPem"]).public_key()


def test_a_certificate_is_due_within_its_last_hours(authority):
    _, outputs = signed(authority)
    assert not certificates.due(outputs)
    for hours, due in ((3, False), (1, True), (-1, True)):
        end = datetime.now(UTC) + timedelta(hours=hours)
        assert certificates.due(outputs | {"validityEndTime": end.isoformat()}) is due, hours


def test_the_authoritys_key_must_be_its_own(authority):
    with pytest.raises(ValueError, match="caPrivateKeyPem is not the key of caCertPem"):
        signed((key(), authority[1]))


@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
def test_a_key_signs_whatever_its_algorithm(algorithm):
    made = key(algorithm=algorithm)
    assert keys.algorithm(keys.read(made["privateKeyPem"])) == algorithm
    inputs = {"privateKeyPem": made["privateKeyPemPkcs8"], "allowedUses": ["server_auth"], "validityPeriodHours": 1}
    assert certificates.make_self_signed(inputs)[1]["keyAlgorithm"] == algorithm


@pytest.mark.parametrize(
    ("kind", "inputs", "property_name"),
    [
        ("PrivateKey", {"algorithm": "DSA"}, "algorithm"),
        ("PrivateKey", {"algorithm": "ECDSA", "ecdsaCurve": "P1"}, "ecdsaCurve"),
        ("PrivateKey", {"algorithm": "RSA", "rsaBits": 512}, "rsaBits"),
        ("SelfSignedCert", {"validityPeriodHours": -1}, "validityPeriodHours"),
        ("SelfSignedCert", {"allowedUses": ["sever_auth"]}, "allowedUses"),
        ("CertRequest", {"ipAddresses": ["10.0.0"]}, "ipAddresses"),
        ("CertRequest", {"subject": {"commonname": "x"}}, "subject"),
    ],
)
def test_arguments_that_cannot_work_are_named(kind, inputs, property_name):
    found = KINDS[kind].failures(KINDS[kind].defaults(inputs))
    assert [name for name, _ in found] == [property_name]


def test_private_keys_are_secret():
    assert {name: set(kind.secret) for name, kind in KINDS.items()} == {
        "PrivateKey": {"privateKeyPem", "privateKeyPemPkcs8"},
        "CertRequest": {"privateKeyPem"},
        "SelfSignedCert": {"privateKeyPem"},
        "LocallySignedCert": {"caPrivateKeyPem"},
    }


AUTHORITY = """
import pulumi_tls as tls
key = tls.PrivateKey("key", algorithm="ECDSA", ecdsa_curve="P256")
made = tls.SelfSignedCert("made", private_key_pem=key.private_key_pem, is_ca_certificate=True,
    allowed_uses=["cert_signing"], validity_period_hours={hours}, early_renewal_hours={early},
    subject={{"common_name": "an authority"}})
pulumi.export("made", made.cert_pem)
pulumi.export("key", key.private_key_pem)
"""


@pytest.mark.integration
def test_a_certificate_is_kept_until_it_is_due_and_its_key_is_never_open(project):
    project.write(AUTHORITY.format(hours=5, early=4))
    project.preview().ok()
    project.up().ok()
    first = project.outputs()
    project.up("--expect-no-changes").ok()
    assert first["key"] not in project.state_text()
    project.write(AUTHORITY.format(hours=5, early=5))
    assert project.steps()["made"] == "replace"
    project.up().ok()
    second = project.outputs()
    assert second["key"] == first["key"]
    assert second["made"] != first["made"]
    # Within its early renewal from the start: the next update makes another, though nothing was written anew.
    assert project.steps()["made"] == "replace"
    project.run("destroy", "--yes", "--skip-preview").ok()
