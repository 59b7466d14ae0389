"""Who is told of what: by Alertmanager's own checker, and by the real one when a real server ends."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from components.platform.monitoring import receivers, scrape
from components.platform.monitoring.receivers import Receiver
from components.platform.monitoring.rules import Severity
from components.platform.monitoring.scrape import SecretKey
from tests.components.monitoring import conftest, region
from tests.harness import model_server, prometheus
from tests.harness.ports import free_ports
from tests.harness.waiting import until

ADDRESS = SecretKey(name="receivers", key="url")
ALL = {
    Severity.PAGE: Receiver(type="pagerduty", address=ADDRESS),
    Severity.TICKET: Receiver(type="slack", address=ADDRESS, channel="#phone"),
    Severity.NONE: Receiver(type="webhook", address=ADDRESS),
}


@pytest.mark.integration
@pytest.mark.parametrize("told", [{}, ALL, {Severity.PAGE: ALL[Severity.PAGE]}], ids=["nobody", "all", "pages only"])
def test_the_checker_takes_it_and_routes_by_severity(tmp_path: Path, told: dict[Severity, Receiver]) -> None:
    path = tmp_path / "alertmanager.json"
    path.write_text(json.dumps(receivers.config(told)))
    done = prometheus.checked("amtool", "check-config", path)
    assert done.returncode == 0, done.stdout + done.stderr
    for severity in Severity:
        labels = ("stack=t", f"severity={severity}", "alertname=Some")
        routed = prometheus.checked("amtool", "config", "routes", "test", f"--config.file={path}", *labels)
        assert routed.stdout.strip() == (severity if severity in told else receivers.NOBODY), routed.stderr


def test_the_address_is_a_file_and_never_in_the_configuration() -> None:
    text = json.dumps(receivers.config(ALL))
    assert text.count("/etc/alertmanager/secrets/receivers/url") == len(ALL)
    assert "http" not in text.replace("http_", "")


@pytest.mark.parametrize(("kind", "channel"), [("slack", None), ("webhook", "#phone")])
def test_a_channel_goes_with_slack(kind: Any, channel: str | None) -> None:
    with pytest.raises(ValueError, match=r"Receiver\.channel: .* is not allowed for"):
        Receiver(type=kind, address=ADDRESS, channel=channel)


class Inbox:
    """A receiver's end of a webhook."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def states(self, name: str) -> list[str]:
        """What was said of an alert, in the order in which it was."""
        alerts = [alert for message in self.told for alert in message["alerts"]]
        return [alert["status"] for alert in alerts if alert["labels"]["alertname"] == name]

    @contextmanager
    def open(self) -> Iterator[str]:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                inbox.told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def hurried(url: str) -> dict[str, Any]:
    """The region's own configuration with a webhook for all, and without its pauses."""
    made = receivers.config({severity: Receiver(type="webhook", address=ADDRESS) for severity in Severity})
    for route in made["route"]["routes"]:
        route |= {"group_wait": "0s", "group_interval": "1s"}
    for receiver in made["receivers"]:
        for webhook in receiver.get("webhook_configs", ()):
            del webhook["url_file"]
            webhook["url"] = url
    return made


def impatient() -> dict[str, Any]:
    document = region.document(servers=1, keeper=None, gpus=None, costs=None, own=False)
    for group in document["groups"]:
        for rule in group["rules"]:
            if "alert" in rule:
                rule["for"] = "0s"
    return document


@pytest.mark.integration
def test_a_server_that_ends_wakes_someone_and_its_return_is_told(tmp_path: Path) -> None:
    (port,), inbox = free_ports(1), Inbox()
    jobs = {region.WATCHED.serving: [f"127.0.0.1:{port}"]}
    (tmp_path / scrape.RULES).write_text(json.dumps(impatient()))
    with inbox.open() as url, prometheus.alertmanager(tmp_path, hurried(url)) as alertmanager:
        config = conftest.config(jobs, [alertmanager.url.removeprefix("http://")])
        with prometheus.prometheus(tmp_path, config) as watching:
            with model_server.light(tmp_path / "server.log", f"--port={port}"):
                until(lambda: inbox.states("Watchdog"), "a heartbeat came")
                until(lambda: watching.query("sum(up) == 1"), "the server is asked")
                until(lambda: inbox.states("NoServerAnswers")[-1:] != ["firing"], "it is no longer thought away")
                inbox.told.clear()
            until(lambda: "firing" in inbox.states("NoServerAnswers"), "somebody was woken")
            with model_server.light(tmp_path / "again.log", f"--port={port}"):
                until(lambda: inbox.states("NoServerAnswers")[-1] == "resolved", "somebody was told of its return")
    assert "firing" not in inbox.states("TargetDown")[1:], "what a page explains is kept quiet"
