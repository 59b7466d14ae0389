"""Tokens at the gateway: the real Envoy, real signatures, and every forgery that is known to have worked somewhere."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.envoy import EnvoySettings
from components.envoy_jwt import JwtIssuer
from tests.harness import envoy
from tests.harness.envoy import KEY, Gateway, Upstream
from tests.harness.ports import free_ports
from tests.harness.tokens import Issuer, encoded
from tests.harness.waiting import until

OURS, OTHER = "https://id.example.com", "https://other.example.com"
TRUSTED, STRANGER = Issuer(), Issuer()


def issuer(**changes: Any) -> JwtIssuer:
    fields = {"name": "ours", "issuer": OURS, "audiences": ("autoglm",), "jwks": TRUSTED.jwks()}
    return JwtIssuer(**(fields | changes))


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": OURS, "aud": "autoglm", "sub": "ada", "iat": now, "exp": now + 300} | changes


@pytest.fixture
def gateway(tmp_path: Path, upstream: Upstream) -> Iterator[Gateway]:
    with envoy.gateway(tmp_path, upstream.port, issuers=(issuer(),)) as made:
        yield made


@pytest.mark.integration
def test_a_token_opens_the_api_goes_no_further_and_names_its_client(gateway: Gateway, upstream: Upstream) -> None:
    for alg in ("RS256", "ES256"):
        assert gateway.ask("GET", "/v1/models", key=TRUSTED.token(claims(), alg=alg)).status == 200
        headers = upstream.seen[-1][1]
        assert headers["authorization"] is None
        assert headers.get_all("x-autoglm-client") == [f"{OURS}|ada"]


@pytest.mark.integration
def test_keys_work_beside_tokens(gateway: Gateway, upstream: Upstream) -> None:
    assert gateway.ask("GET", "/v1/models").status == 200
    assert upstream.seen[-1][1]["x-autoglm-client"] == "tester"
    assert gateway.ask("GET", "/v1/models", key=None).status == 401
    assert gateway.ask("GET", "/v1/models", key="wrong").status == 401
    assert gateway.ask("GET", "/health", key=None).status == 200


def forgeries() -> dict[str, str]:
    now = int(time.time())
    good = TRUSTED.token(claims())
    head, body, signature = good.split(".")
    altered = encoded(json.dumps(claims(sub="root")).encode())
    unexpiring = {name: value for name, value in claims().items() if name != "exp"}
    return {
        "no signature, alg none": TRUSTED.token(claims(), alg="none"),
        "public key as HMAC secret": TRUSTED.token(claims(), alg="HS256"),
        "algorithm not on the list": TRUSTED.token(claims(), alg="RS512"),
        "signed by a stranger": STRANGER.token(claims()),
        "signature cut off": f"{head}.{body}.",
        "claims altered": f"{head}.{altered}.{signature}",
        "expired": TRUSTED.token(claims(iat=now - 900, exp=now - 300)),
        "never expires": TRUSTED.token(unexpiring),
        "not yet valid": TRUSTED.token(claims(nbf=now + 300)),
        "wrong issuer": TRUSTED.token(claims(iss=OTHER)),
        "no issuer": TRUSTED.token({name: value for name, value in claims().items() if name != "iss"}),
        "wrong audience": TRUSTED.token(claims(aud="another-service")),
        "unknown key id": TRUSTED.token(claims(), kid="gone"),
        "not base64": "a.b.c",
    }


@pytest.mark.integration
@pytest.mark.parametrize("name", forgeries())
def test_a_forged_token_reaches_nothing(gateway: Gateway, upstream: Upstream, name: str) -> None:
    answer = gateway.ask("POST", "/v1/chat/completions", b"{}", key=forgeries()[name])
    assert answer.status in (401, 403), name
    assert answer.error()["type"] in ("authentication_error", "permission_error")
    assert not upstream.seen


@pytest.mark.integration
def test_a_token_in_the_query_string_is_not_looked_at(gateway: Gateway, upstream: Upstream) -> None:
    assert gateway.ask("GET", f"/v1/models?access_token={TRUSTED.token(claims())}", key=None).status == 401
    assert not upstream.seen


@pytest.mark.integration
def test_the_skew_of_clocks_is_bounded(tmp_path: Path, upstream: Upstream) -> None:
    now = int(time.time())
    with envoy.gateway(tmp_path, upstream.port, issuers=(issuer(clock_skew_seconds=60),)) as gateway:
        assert gateway.ask("GET", "/v1/models", key=TRUSTED.token(claims(exp=now - 20))).status == 200
        assert gateway.ask("GET", "/v1/models", key=TRUSTED.token(claims(exp=now - 90))).status == 401


@pytest.mark.integration
def test_each_issuer_signs_for_itself(tmp_path: Path, upstream: Upstream) -> None:
    second = issuer(name="other", issuer=OTHER, jwks=STRANGER.jwks(), algorithms=("ES256",))
    with envoy.gateway(tmp_path, upstream.port, api_keys=(), issuers=(issuer(), second)) as gateway:
        ask = lambda token: gateway.ask("GET", "/v1/models", key=token).status  # noqa: E731
        assert ask(STRANGER.token(claims(iss=OTHER), alg="ES256")) == 200
        assert upstream.seen[-1][1]["x-autoglm-client"] == f"{OTHER}|ada"
        assert ask(STRANGER.token(claims(iss=OTHER), alg="RS256")) == 403
        assert ask(STRANGER.token(claims(iss=OURS))) == 401
        assert ask(TRUSTED.token(claims(iss=OTHER))) == 401


@pytest.mark.integration
def test_keys_that_are_fetched_may_come_late(tmp_path: Path, upstream: Upstream) -> None:
    """While the issuer is down its tokens are refused and keys still work; then its tokens do, too."""
    (port,) = free_ports(1)
    remote = issuer(jwks="", jwks_uri=f"http://127.0.0.1:{port}/jwks.json")
    with envoy.gateway(tmp_path, upstream.port, issuers=(remote,)) as gateway:
        assert gateway.ask("GET", "/v1/models", key=TRUSTED.token(claims())).status in (401, 503)
        assert gateway.ask("GET", "/v1/models", key=KEY).status == 200
        content = TRUSTED.jwks().encode()
        with Upstream(port=port, respond=lambda handler, _: handler.send(200, content)).running():
            token = TRUSTED.token(claims())
            until(lambda: gateway.ask("GET", "/v1/models", key=token).status == 200, "the issuer's token is taken")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"audiences": ()}, "JwtIssuer ours.audiences: none given"),
        ({"jwks": ""}, "give either jwks_uri or jwks"),
        ({"jwks_uri": "https://id.example.com/keys"}, "give either jwks_uri or jwks"),
        ({"jwks": "", "jwks_uri": "http://id.example.com/keys"}, "keys come over https only"),
        ({"algorithms": ("RS256", "HS256")}, "algorithms: HS256 is not allowed"),
        ({"algorithms": ("none",)}, "algorithms: none is not allowed"),
        ({"algorithms": ()}, "algorithms: none given"),
        ({"clock_skew_seconds": 3600}, "clock_skew_seconds: 3600 is not allowed: use 0 to 300"),
    ],
)
def test_an_issuer_that_would_let_others_in_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        issuer(**changes)


def test_a_key_that_would_be_taken_for_a_token_is_refused() -> None:
    with pytest.raises(ValueError, match="that of ci has a token's two dots"):
        EnvoySettings(upstream_host="serving", api_keys=(("ci", "aaa.bbb.ccc"),), issuers=(issuer(),))
