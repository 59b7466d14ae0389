"""What a region file may say of its gateway beside its size: who comes in, how often, and what is told of it."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from stacks.fields import Label, Part
from stacks.shapes import Shape

Host = Annotated[str, Shape(r"[0-9A-Za-z.-]+", "a host's name or address, as in otel-collector.observability.svc")]
_Url = Annotated[str, Shape(r"https://[^\s/?#@]+(/[^\s#]*)?", "an https URL, as in https://id.example.com/jwks.json")]
_Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class Client(Part):
    """Who comes in by a key of its own. `keys`: their numbers; each is made, and holds for as long as it stands here,
    so that one is replaced as [1], [1, 2] while the client changes over, and [2]."""

    keys: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(1,), min_length=1, max_length=8)


class Issuer(Part):
    """Of OAuth2 or OIDC tokens. `jwksUri`: where its keys are. `networks`: the ranges that this host is in, where it is
    neither on the internet nor a Service of the cluster."""

    issuer: str = Field(min_length=1)
    audiences: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)
    jwks_uri: _Url
    algorithms: tuple[_Algorithm, ...] = Field(default=("RS256", "ES256"), min_length=1)
    clock_skew_seconds: int = Field(default=60, ge=0, le=300)
    networks: tuple[IPv4Network, ...] = ()


class RateLimit(Part):
    """On average; `burst` of them may come at once. 0 is a tenth of a minute's."""

    requests_per_minute: int = Field(ge=1, le=1_000_000)
    burst: int = Field(default=0, ge=0)


class SharedLimits(Part):
    """The limits are counted over all gateways, in Redis. Without an answer in time, `open` leaves it to each
    gateway's own count; `closed` refuses."""

    when_down: Literal["open", "closed"] = "open"


class Limits(Part):
    per_address: RateLimit | None = None  # asked before the key is looked at
    per_client: RateLimit | None = None  # of an API key, or of a token's subject
    shared: SharedLimits | None = None


class Subject(Part):
    issuer: str = Field(min_length=1)
    subject: str = Field(min_length=1)


class Denied(Part):
    """Refused, whatever else is right. `clients` are names of API keys: of gateway.clients, or the stack's."""

    addresses: tuple[IPv4Network, ...] = ()
    clients: tuple[Label, ...] = ()
    subjects: tuple[Subject, ...] = ()


class Tracing(Part):
    """An OpenTelemetry collector's port for OTLP over gRPC, and the share of the requests that it is told of."""

    host: Host
    port: int = Field(default=4317, ge=1, le=65535)
    percent: float = Field(default=1.0, gt=0, le=100)
    networks: tuple[IPv4Network, ...] = ()


class CertIssuer(Part):
    """cert-manager's."""

    name: Label
    kind: Literal["ClusterIssuer", "Issuer"] = "ClusterIssuer"


class EdgeTls(Part):
    """The gateway ends TLS itself. `certificate`: name of a Secret (kubernetes.io/tls) in its namespace that somebody
    keeps there, or, with an issuer, that cert-manager makes for the gateway's name and renews."""

    certificate: Label
    issuer: CertIssuer | None = None
