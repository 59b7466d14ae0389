"""JSON Web Tokens by hand, so that a test can make those that no library would."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

Json = dict[str, Any]


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Issuer:
    """An RSA and an EC key, and what is signed with them."""

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())

    def jwks(self) -> str:
        public, point = self.rsa.public_key().public_numbers(), self.ec.public_key().public_numbers()
        size = (public.n.bit_length() + 7) // 8
        return json.dumps(
            {
                "keys": [
                    {
                        "kty": "RSA",
                        "kid": "rsa",
                        "use": "sig",
                        "n": encoded(public.n.to_bytes(size, "big")),
                        "e": encoded(public.e.to_bytes(3, "big")),
                    },
                    {
                        "kty": "EC",
                        "kid": "ec",
                        "crv": "P-256",
                        "x": encoded(point.x.to_bytes(32, "big")),
                        "y": encoded(point.y.to_bytes(32, "big")),
                    },
                ]
            }
        )

    def token(self, claims: Mapping[str, Any], *, alg: str = "RS256", kid: str = "") -> str:
        """Signed as `alg` says: `none` not at all, HS256 with the RSA key's public PEM as the secret."""
        header = {"alg": alg, "typ": "JWT", "kid": kid or ("ec" if alg == "ES256" else "rsa")}
        text = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(dict(claims)).encode())}"
        return f"{text}.{encoded(self._sign(alg, text.encode()))}"

    def _sign(self, alg: str, text: bytes) -> bytes:
        match alg:
            case "none":
                return b""
            case "HS256":
                form = serialization.PublicFormat.SubjectPublicKeyInfo
                public = self.rsa.public_key().public_bytes(serialization.Encoding.PEM, form)
                return hmac.digest(public, text, hashlib.sha256)
            case "ES256":
                r, s = utils.decode_dss_signature(self.ec.sign(text, ec.ECDSA(hashes.SHA256())))
                return r.to_bytes(32, "big") + s.to_bytes(32, "big")
            case _:
                digest = {"RS256": hashes.SHA256(), "RS512": hashes.SHA512()}[alg]
                return self.rsa.sign(text, padding.PKCS1v15(), digest)
