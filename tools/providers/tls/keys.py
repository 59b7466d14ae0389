"""Private keys in the forms that the official provider gives them in."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from tools.providers.kept import Inputs

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}
ALGORITHMS: Final = ("RSA", "ECDSA", "ED25519")
_RSA_BITS: Final = 2048
_PUBLIC_EXPONENT: Final = 65537


def with_defaults(inputs: Inputs) -> dict[str, Any]:
    """The official provider's: P224 for ECDSA and 2048 bits for RSA."""
    return {"ecdsaCurve": "P224", "rsaBits": _RSA_BITS} | dict(inputs)


def failures(inputs: Inputs) -> Iterator[tuple[str, str]]:
    if inputs.get("algorithm") not in ALGORITHMS:
        yield "algorithm", f"algorithm must be one of {', '.join(ALGORITHMS)}, not {inputs.get('algorithm')!r}"
    if inputs["ecdsaCurve"] not in CURVES:
        yield "ecdsaCurve", f"ecdsaCurve must be one of {', '.join(CURVES)}, not {inputs['ecdsaCurve']!r}"
    bits = inputs["rsaBits"]
    if not isinstance(bits, int) or bits < _RSA_BITS:
        yield "rsaBits", f"rsaBits must be a whole number of at least {_RSA_BITS}, not {bits!r}"


def make(inputs: Inputs) -> tuple[str, dict[str, Any]]:
    """Id, which is a hash of the public key, and outputs."""
    key = _draw(inputs)
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    traditional = PrivateFormat.PKCS8 if inputs["algorithm"] == "ED25519" else PrivateFormat.TraditionalOpenSSL
    return hashlib.sha1(pem.encode()).hexdigest(), {  # noqa: S324  an id, as the official one's
        "privateKeyPem": _private(key, traditional),
        "privateKeyPemPkcs8": _private(key, PrivateFormat.PKCS8),
        "publicKeyPem": pem,
    }


def read(pem: str) -> PrivateKey:
    """Raises ValueError for what is no key, or one of another kind."""
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise ValueError(f"a key of the kind {type(key).__name__} can't be used")
    return key


def algorithm(key: object) -> str:
    """Of a private or public key, under the official provider's name."""
    kinds = {
        "RSA": (rsa.RSAPrivateKey, rsa.RSAPublicKey),
        "ECDSA": (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey),
    }
    return next((name for name, classes in kinds.items() if isinstance(key, classes)), "ED25519")


def digest(key: PrivateKey) -> hashes.SHA256 | None:
    """What a signature by this key hashes with; Ed25519 has its own."""
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _draw(inputs: Inputs) -> PrivateKey:
    match inputs["algorithm"]:
        case "RSA":
            return rsa.generate_private_key(_PUBLIC_EXPONENT, inputs["rsaBits"])
        case "ECDSA":
            return ec.generate_private_key(CURVES[inputs["ecdsaCurve"]]())
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def _private(key: PrivateKey, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
