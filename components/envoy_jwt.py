"""Who may come in by a token: JWTs of OAuth2 and OIDC issuers, checked by Envoy before the body is taken in.

A token goes where an API key goes, `Authorization: Bearer …`, and is told from one by its two dots. The checks are RFC
8725's: signature by the issuer's own keys (JWKS), issuer, audience, expiry with a bounded clock skew, and the algorithm
against a list, so that neither `none` nor an HMAC with a public key as its secret comes through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from components import envoy_clusters

Json = dict[str, Any]

_TYPES = "type.googleapis.com/envoy"
_FILTERS = f"{_TYPES}.extensions.filters.http"
_JWT, _RBAC = "envoy.filters.http.jwt_authn", "envoy.filters.http.rbac"
_ISSUED = "issued"  # the requirement: a token of any of the issuers
_TRUSTED = "/etc/ssl/certs/ca-certificates.crt"  # of Envoy's image, which is Debian's or Ubuntu's
_FETCH_SECONDS = 5
_CACHE_SECONDS = 300

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Of public keys: with those, a gateway that is read out can't sign."""

SHAPE = r"Bearer [A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
"""What is taken for a token; anything else is an API key, right or wrong."""


@dataclass(frozen=True, kw_only=True)
class JwtIssuer:
    """Who signs tokens. `jwks_uri` is where its keys are, as in its `/.well-known/openid-configuration`; or `jwks`, the
    keys themselves as JSON. A client is named `<name>|<sub>`, in the server's log and for its share of it.
    `networks`: ranges that the host of `jwks_uri` is in, if it is no Service of the cluster; none: the internet."""

    name: str
    issuer: str
    audiences: tuple[str, ...]
    jwks_uri: str = ""
    jwks: str = ""
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    clock_skew_seconds: int = 60
    networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        where = f"JwtIssuer {self.name}"
        if not self.audiences:
            raise ValueError(
                f"{where}.audiences: none given: a token for any other service would be let in; name yours"
            )
        if bool(self.jwks_uri) == bool(self.jwks):
            raise ValueError(f"{where}: give either jwks_uri or jwks, the keys that its tokens are signed with")
        if self.jwks_uri and urlsplit(self.jwks_uri).scheme != "https" and not _loopback(self.jwks_uri):
            raise ValueError(f"{where}.jwks_uri: {self.jwks_uri!r} is not allowed: keys come over https only")
        if unknown := sorted(set(self.algorithms) - set(ALGORITHMS)):
            known = ", ".join(ALGORITHMS)
            raise ValueError(f"{where}.algorithms: {', '.join(unknown)} is not allowed: use some of {known}")
        if not self.algorithms:
            raise ValueError(f"{where}.algorithms: none given, so no token could come in")
        if not 0 <= self.clock_skew_seconds <= 300:
            raise ValueError(f"{where}.clock_skew_seconds: {self.clock_skew_seconds} is not allowed: use 0 to 300")

    @property
    def key_host(self) -> str:
        return urlsplit(self.jwks_uri).hostname or ""

    @property
    def key_port(self) -> int:
        parts = urlsplit(self.jwks_uri)
        return parts.port or (443 if parts.scheme == "https" else 80)


def filters(issuers: Sequence[JwtIssuer]) -> list[Json]:
    """In force on the routes of `route_config` alone."""
    if not issuers:
        return []
    providers = {issuer.name: _provider(issuer) for issuer in issuers}
    any_of = [{"provider_name": issuer.name} for issuer in issuers]
    requirement = any_of[0] if len(any_of) == 1 else {"requires_any": {"requirements": any_of}}
    return [
        {
            "name": _JWT,
            "typed_config": {
                "@type": f"{_FILTERS}.jwt_authn.v3.JwtAuthentication",
                "providers": providers,
                "requirement_map": {_ISSUED: requirement},
            },
        },
        {"name": _RBAC, "typed_config": {"@type": f"{_FILTERS}.rbac.v3.RBAC"}},
    ]


def match() -> Json:
    """A route's condition: the request has a token."""
    return {"name": "authorization", "string_match": {"safe_regex": {"regex": SHAPE}}}


def route_config(issuers: Sequence[JwtIssuer]) -> Json:
    """`typed_per_filter_config` of a route that asks for a token."""
    rules = {"action": "ALLOW", "policies": {issuer.name: _policy(issuer) for issuer in issuers}}
    return {
        _JWT: {"@type": f"{_FILTERS}.jwt_authn.v3.PerRouteConfig", "requirement_name": _ISSUED},
        _RBAC: {
            "@type": f"{_FILTERS}.rbac.v3.RBACPerRoute",
            "rbac": {"rules": rules},
        },
    }


def client_header(name: str) -> Json:
    """Tells the server who asks: by issuer, as two issuers may know the same subject."""
    metadata = f"%DYNAMIC_METADATA({_JWT}:"
    return {
        "header": {"key": name, "value": f"{metadata}claims:iss)%|{metadata}claims:sub)%"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def rate_limit_actions() -> list[Json]:
    """What names a token's client, by envoy_limits.CLIENT_KEYS."""
    return [_descriptor(key, claim) for key, claim in (("issuer", "iss"), ("client", "sub"))]


def subject(issuer: str, sub: str) -> Json:
    """A principal of Envoy's RBAC: the subject of an issuer, by a token that was checked."""
    ids = [
        _metadata(["claims", name], {"string_match": {"exact": value}})
        for name, value in (("iss", issuer), ("sub", sub))
    ]
    return {"and_ids": {"ids": ids}}


def clusters(issuers: Sequence[JwtIssuer]) -> list[Json]:
    """Where the issuers' keys are fetched."""
    return [_cluster(issuer) for issuer in issuers if issuer.jwks_uri]


def _descriptor(key: str, claim: str) -> Json:
    path = [{"key": "claims"}, {"key": claim}]
    return {"metadata": {"descriptor_key": key, "metadata_key": {"key": _JWT, "path": path}}}


def _provider(issuer: JwtIssuer) -> Json:
    keys: Json = {"local_jwks": {"inline_string": issuer.jwks}}
    if issuer.jwks_uri:
        keys = {
            "remote_jwks": {
                "http_uri": {
                    "uri": issuer.jwks_uri,
                    "cluster": _cluster_name(issuer),
                    "timeout": f"{_FETCH_SECONDS}s",
                },
                "cache_duration": f"{_CACHE_SECONDS}s",
                # Fetched before it is needed. The listener waits for no issuer: the others' clients are to come in.
                "async_fetch": {"fast_listener": True},
                "retry_policy": {"num_retries": 2},
            }
        }
    return {
        "issuer": issuer.issuer,
        "audiences": list(issuer.audiences),
        **keys,
        # Nowhere else: a token in a query string would be in logs.
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "forward": False,
        "clock_skew_seconds": issuer.clock_skew_seconds,
        "require_expiration": True,
        "payload_in_metadata": "claims",
        "header_in_metadata": "header",
    }


def _policy(issuer: JwtIssuer) -> Json:
    """Its tokens, signed by an algorithm of its list."""
    names = "|".join(issuer.algorithms)
    allowed = {"string_match": {"safe_regex": {"regex": names}}}
    return {
        "permissions": [{"any": True}],
        "principals": [
            {
                "and_ids": {
                    "ids": [
                        _metadata(["claims", "iss"], {"string_match": {"exact": issuer.issuer}}),
                        _metadata(["header", "alg"], allowed),
                    ]
                }
            }
        ],
    }


def _metadata(path: list[str], value: Json) -> Json:
    matcher = {"filter": _JWT, "path": [{"key": key} for key in path], "value": value}
    return {"sourced_metadata": {"metadata_matcher": matcher}}


def _cluster_name(issuer: JwtIssuer) -> str:
    return f"jwks-{issuer.name}"


def _cluster(issuer: JwtIssuer) -> Json:
    secured = {"transport_socket": _tls(issuer.key_host)} if urlsplit(issuer.jwks_uri).scheme == "https" else {}
    name, timeout = _cluster_name(issuer), f"{_FETCH_SECONDS}s"
    return envoy_clusters.service(name, issuer.key_host, issuer.key_port, connect_timeout=timeout) | secured


def _tls(host: str) -> Json:
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{_TYPES}.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": host,
            "common_tls_context": {
                "validation_context": {
                    "trusted_ca": {"filename": _TRUSTED},
                    "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": host}}],
                }
            },
        },
    }


def _loopback(uri: str) -> bool:
    return urlsplit(uri).hostname in ("127.0.0.1", "::1", "localhost")
