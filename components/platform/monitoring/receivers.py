"""Who is told of which alert, and Alertmanager's configuration. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from components.platform.monitoring.rules import Severity
from components.platform.monitoring.scrape import SecretKey

Json = dict[str, Any]

SECRETS_FOLDER = "/etc/alertmanager/secrets"
NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Where alerts go. `address`: the Secret with the URL of a webhook or of Slack's, or PagerDuty's routing key.
    `channel`: Slack's. `port`: on which it is reached."""

    type: Literal["webhook", "slack", "pagerduty"]
    address: SecretKey
    port: int = 443
    channel: str | None = None

    def __post_init__(self) -> None:
        if (self.type == "slack") != (self.channel is not None):
            raise ValueError(f"Receiver.channel: {self.channel} is not allowed for {self.type}: it goes with slack")


# A fault that explains others keeps them quiet.
_EXPLAINS = (
    ("NoServerAnswers", "ServersMissing|TargetDown|ServerErrors|ServerLeftOut|AvailabilityBurns.*"),
    ("NoGatewayAnswers", "TargetDown"),
    ("EtcdQuorumLost", "EtcdMemberMissing|EtcdNoLeader|EtcdUpkeepFails|TargetDown"),
    ("AvailabilityBurnsFast", "AvailabilityBurnsSlowly|ServerErrors"),
    ("FirstTokenBurnsFast", "FirstTokenBurnsSlowly|FirstTokenP95High|FirstTokenP99High"),
    ("EtcdAlarm", "EtcdQuotaNear"),
    ("GpuBroken", "GpuXid"),
)


def config(receivers: Mapping[Severity, Receiver]) -> Json:
    """A page goes out at once and again each hour, a ticket once a day; `Severity.NONE` is the heartbeat's receiver,
    each 5 minutes. What nobody receives is still shown."""
    return {
        "route": {
            "receiver": NOBODY,
            "group_by": ["alertname", "stack"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "24h",
            "routes": [
                _route(Severity.NONE, receivers, wait="0s", interval="1m", again="5m"),
                _route(Severity.PAGE, receivers, wait="10s", interval="1m", again="1h"),
                _route(Severity.TICKET, receivers, wait="1m", interval="5m", again="24h"),
            ],
        },
        "inhibit_rules": [
            {
                "source_matchers": [f'alertname="{cause}"'],
                "target_matchers": [f'alertname=~"{effects}"'],
                "equal": ["stack"],
            }
            for cause, effects in _EXPLAINS
        ],
        "receivers": [{"name": NOBODY}, *(_receiver(str(name), told) for name, told in receivers.items())],
    }


def _route(severity: Severity, receivers: Mapping[Severity, Receiver], *, wait: str, interval: str, again: str) -> Json:
    return {
        "matchers": [f'severity="{severity}"'],
        "receiver": str(severity) if severity in receivers else NOBODY,
        "group_wait": wait,
        "group_interval": interval,
        "repeat_interval": again,
    }


def _receiver(name: str, receiver: Receiver) -> Json:
    path = f"{SECRETS_FOLDER}/{receiver.address}"
    match receiver.type:
        case "webhook":
            return {"name": name, "webhook_configs": [{"url_file": path, "send_resolved": True}]}
        case "slack":
            told = {"api_url_file": path, "channel": receiver.channel, "send_resolved": True, "title": _TITLE}
            return {"name": name, "slack_configs": [told | {"text": _TEXT}]}
        case "pagerduty":
            return {"name": name, "pagerduty_configs": [{"routing_key_file": path, "description": _TITLE}]}


_TITLE = "[{{ .Status }}] {{ .CommonLabels.stack }}: {{ .CommonLabels.alertname }}"
_TEXT = "{{ range .Alerts }}{{ .Annotations.summary }} <{{ .Annotations.runbook_url }}|Runbook>\n{{ end }}"
