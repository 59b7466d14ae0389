"""Who is let in, and what leaves: deny lists, proxies in front, packed bodies, gzip, TLS with renewal."""

import gzip
import http.client
import json
import ssl
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from components import envoy_tls
from components.envoy_denied import Denied
from components.envoy_limits import Limits, RateLimit
from tests.components.test_gateway_limits import OTHER, statuses
from tests.components.test_gateway_tokens import OURS, TRUSTED, claims, issuer
from tests.harness import envoy, volume
from tests.harness.envoy import KEY, Gateway, Upstream
from tests.harness.waiting import until
from tools.providers.tls import certificates, keys


@pytest.mark.integration
def test_the_denied_are_kept_out_whatever_they_have(tmp_path: Path, upstream: Upstream) -> None:
    denied = Denied(clients=("other",), subjects=((OURS, "mallory"),))
    names = (("tester", KEY), ("other", OTHER))
    with envoy.gateway(tmp_path, upstream.port, api_keys=names, issuers=(issuer(),), denied=denied) as gateway:
        for key, status in ((KEY, 200), (OTHER, 403), ("wrong", 401)):
            assert gateway.ask("GET", "/v1/models", key=key).status == status
        for sub, status in (("ada", 200), ("mallory", 403)):
            assert gateway.ask("GET", "/v1/models", key=TRUSTED.token(claims(sub=sub))).status == status
        assert gateway.ask("GET", "/v1/models", key=OTHER).error()["code"] == "forbidden"


@pytest.mark.integration
def test_a_denied_address_gets_nothing(tmp_path: Path, upstream: Upstream) -> None:
    with envoy.gateway(tmp_path, upstream.port, denied=Denied(addresses=("127.0.0.0/8",))) as gateway:
        assert gateway.ask("GET", "/v1/models", x_forwarded_for="192.0.2.1").status == 403
        assert gateway.ask("GET", "/health", key=None).status == 403
    assert not upstream.seen


@pytest.mark.integration
def test_behind_a_balancer_the_last_address_is_the_client_s(tmp_path: Path, upstream: Upstream) -> None:
    """It adds whom it got the request from; what stands before that is the client's word."""
    limits = Limits(per_address=RateLimit(requests_per_minute=6, burst=2))
    denied = Denied(addresses=("203.0.113.0/24",))
    with envoy.gateway(tmp_path, upstream.port, limits=limits, denied=denied, proxies=1) as gateway:
        assert statuses(gateway, 1, x_forwarded_for="192.0.2.1, 203.0.113.9") == {403: 1}
        for forged in range(2):
            assert statuses(gateway, 1, x_forwarded_for=f"192.0.2.{forged}, 198.51.100.7") == {200: 1}
        assert statuses(gateway, 1, x_forwarded_for="192.0.2.9, 198.51.100.7") == {429: 1}
        assert statuses(gateway, 1, x_forwarded_for="198.51.100.8") == {200: 1}
        assert gateway.access_log()[-1]["client"] == "198.51.100.8"


@pytest.mark.parametrize(
    ("addresses", "message"),
    [(("0.0.0.0/0",), "is everybody"), (("198.51.100.7/24",), "is no range"), (("example.com",), "is no range")],
)
def test_a_range_that_can_not_be_meant_is_refused(addresses: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=f"Denied.addresses: .* {message}"):
        Denied(addresses=addresses)


@pytest.mark.integration
def test_packed_bodies_are_refused_and_answers_are_packed(tmp_path: Path, upstream: Upstream) -> None:
    bomb = gzip.compress(b"\0" * 64 * 1024 * 1024)  # 64 KB that would be 64 MB
    long = json.dumps({"text": "word " * 2000}).encode()
    upstream.respond = lambda handler, _: handler.send(200, long, content_type="application/json")
    with envoy.gateway(tmp_path, upstream.port) as gateway:
        refused = gateway.ask("POST", "/v1/chat/completions", bomb, content_encoding="gzip")
        assert refused.status == 415
        assert refused.error()["code"] == "unsupported_encoding"
        assert not upstream.seen

        packed = gateway.ask("POST", "/v1/chat/completions", b"{}", accept_encoding="gzip")
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == long
        assert upstream.seen[-1][1]["accept-encoding"] is None
        assert gateway.ask("POST", "/v1/chat/completions", b"{}").body == long


@pytest.mark.integration
def test_a_stream_is_not_packed(tmp_path: Path, upstream: Upstream) -> None:
    upstream.respond = envoy.stream(upstream)
    upstream.more.set()
    with envoy.gateway(tmp_path, upstream.port) as gateway:
        answer = gateway.ask("POST", "/v1/chat/completions", b"{}", accept_encoding="gzip")
        assert answer.headers["content-encoding"] is None
        assert answer.body == b"data: first\n\ndata: [DONE]\n\n"


def certificate(host: str) -> dict[str, str]:
    key = keys.make({"algorithm": "ECDSA", "ecdsaCurve": "P256"})[1]["privateKeyPem"]
    asked = {
        "privateKeyPem": key,
        "subject": {"commonName": host},
        "dnsNames": [host],
        "isCaCertificate": True,
        "allowedUses": ["cert_signing", "server_auth", "digital_signature"],
        "validityPeriodHours": 1,
    }
    return {envoy_tls.CERTIFICATE: certificates.make_self_signed(asked)[1]["certPem"], envoy_tls.KEY: key}


def over_tls(gateway: Gateway, made: dict[str, str]) -> http.client.HTTPSConnection:
    """A connection that trusts this certificate alone, for this name alone."""
    trust = ssl.create_default_context(cadata=made[envoy_tls.CERTIFICATE])
    trust.check_hostname = False
    return http.client.HTTPSConnection("127.0.0.1", gateway.settings.port, context=trust, timeout=60)


@pytest.mark.integration
def test_a_renewed_certificate_is_taken_while_a_stream_goes_on(tmp_path: Path, upstream: Upstream) -> None:
    folder, secret = tmp_path / "tls", tmp_path / "tls.json"
    old, new = certificate("old.example.com"), certificate("new.example.com")
    volume.write(folder, old)
    secret.write_text(json.dumps(envoy_tls.secret_file(str(folder))))
    upstream.respond = envoy.stream(upstream)
    with envoy.gateway(tmp_path, upstream.port, tls_secret=str(secret)) as gateway:
        headers = {"authorization": f"Bearer {KEY}"}
        with closing(over_tls(gateway, old)) as connection:
            connection.request("POST", "/v1/chat/completions", body=b"{}", headers=headers)
            answer = connection.getresponse()
            assert answer.readline() == b"data: first\n"
            volume.write(folder, new)
            wait_for(gateway, new)
            with pytest.raises(ssl.SSLCertVerificationError), closing(over_tls(gateway, old)) as late:
                late.connect()
            upstream.more.set()
            assert answer.read().endswith(b"data: [DONE]\n\n")
        with pytest.raises((http.client.HTTPException, OSError)):
            gateway.ask("GET", "/v1/models")  # in clear text


def wait_for(gateway: Gateway, made: dict[str, Any]) -> None:
    def trusted() -> bool:
        with suppress(ssl.SSLCertVerificationError), closing(over_tls(gateway, made)) as connection:
            connection.connect()
            return True
        return False

    until(trusted, "the gateway shows the new certificate")
