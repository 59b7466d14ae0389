"""What a region file may say of its monitoring: by whom, what users are promised, and who is told."""

from typing import Annotated, Literal

from pydantic import Field

from stacks.amounts import Amount, Resources, Volume
from stacks.fields import Label, Part
from stacks.shapes import Shape

_Url = Annotated[
    str, Shape(r"https?://[^\s@]+", "a URL without a password, as in https://store.example.com/api/v1/write")
]
HeldIn = Annotated[
    str,
    Shape(
        r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?/[-._a-zA-Z0-9]+",
        "NAME/KEY of a Secret in the region's namespace, as in alert-receivers/pager",
    ),
]
_RESOURCES = Resources(requests=Amount(cpu="100m", memory="512Mi"), limits=Amount(cpu="1", memory="2Gi"))


class Objectives(Part):
    """What users are promised over 30 days, as shares of all requests; and the limits on 5 minutes that a bad moment
    breaks. docs/monitoring.md says which alert each makes."""

    availability: float = Field(default=0.999, gt=0, lt=1)
    first_token_share: float = Field(default=0.95, gt=0, lt=1)
    first_token_seconds: float = Field(default=2.5, gt=0)
    error_share: float = Field(default=0.01, gt=0, lt=1)
    p95_seconds: float = Field(default=0.5, gt=0)
    p99_seconds: float = Field(default=0.8, gt=0)


class Webhook(Part):
    """`heldIn`: the Secret with its URL. `port`: of that URL."""

    type: Literal["webhook"]
    held_in: HeldIn
    port: int = Field(default=443, ge=1, le=65535)


class Slack(Part):
    """`heldIn`: the Secret with the URL of Slack's incoming webhook."""

    type: Literal["slack"]
    held_in: HeldIn
    channel: str = Field(min_length=2)


class PagerDuty(Part):
    """`heldIn`: the Secret with the routing key of PagerDuty's Events API v2."""

    type: Literal["pagerduty"]
    held_in: HeldIn


Receiver = Annotated[Webhook | Slack | PagerDuty, Field(discriminator="type")]


class Receivers(Part):
    """Who is told: of what must be seen to at once, of what can wait for a day, and that alerts arrive at all."""

    page: Receiver | None = None
    ticket: Receiver | None = None
    heartbeat: Receiver | None = None


class RemoteWrite(Part):
    """A store that gets every figure, too. `heldIn`: the Secret with the token that it asks for."""

    url: _Url
    held_in: HeldIn | None = None


class Watching(Part):
    """`runbooks`: where your people read docs/runbooks.md."""

    objectives: Objectives = Objectives()
    budget_usd_per_month: float | None = Field(default=None, gt=0)
    runbooks: str = Field(default="docs/runbooks.md", min_length=1)


class NoMonitoring(Part):
    type: Literal["none"]


class OwnMonitoring(Watching):
    """Prometheus, Alertmanager and, unless `images.grafana` is null, Grafana in the region's namespace."""

    type: Literal["own"]
    receivers: Receivers = Receivers()
    remote_write: RemoteWrite | None = None
    retention_days: int = Field(default=15, ge=4, le=400)
    volume: Volume = Volume(size="20Gi")
    resources: Resources = _RESOURCES


class OperatorMonitoring(Watching):
    """Objects for a Prometheus Operator that the cluster has. `labels`: by which it selects them;
    `prometheusNamespace`: where its Prometheus runs, which is let in."""

    type: Literal["operator"]
    prometheus_namespace: Label = "monitoring"
    labels: dict[str, str] = {}


Monitoring = Annotated[NoMonitoring | OwnMonitoring | OperatorMonitoring, Field(discriminator="type")]
NOBODY = NoMonitoring(type="none")
