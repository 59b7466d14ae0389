"""Which cluster is taken: the order, and what is said where there can be none."""

from pathlib import Path

import pytest

from tools import contexts, machine
from tools.cluster_choice import KIND_KUBECONFIG, Found, Kind, choose, kind_of, target
from tools.process import ToolError

NOTHING = {"context": None, "embedded_runs": False, "kind": False, "docker": False, "root": False}
ALL = {"context": "mine", "embedded_runs": True, "kind": True, "docker": True, "root": True}


@pytest.mark.parametrize(
    ("without", "kind"),
    [
        ([], Kind.OWN),
        (["context"], Kind.EMBEDDED),
        (["context", "embedded_runs"], Kind.KIND),
        (["context", "embedded_runs", "docker"], Kind.EMBEDDED),
        (["context", "embedded_runs", "kind"], Kind.EMBEDDED),
    ],
)
def test_the_order_of_choice(without: list[str], kind: Kind) -> None:
    assert choose(Found(**{**ALL, **{name: NOTHING[name] for name in without}}))[0] is kind  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("there", "words"),
    [({}, "install Docker and kind"), ({"kind": True}, "start Docker"), ({"docker": True}, "install kind")],
)
def test_where_there_can_be_none_the_message_says_what_to_do(there: dict[str, bool], words: str) -> None:
    with pytest.raises(ToolError, match=words) as caught:
        choose(Found(**{**NOTHING, **there}))  # type: ignore[arg-type]
    assert "CONTEXT=" in str(caught.value)
    assert "sudo make up" in str(caught.value)


@pytest.mark.parametrize(("script", "answers"), [("echo 27.0", True), ("exit 1", False), ("echo", False)])
def test_docker_answers_only_if_its_daemon_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, answers: bool
) -> None:
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert machine.docker_answers() is answers


def test_a_recorded_kubeconfig_says_whose_cluster_it_is() -> None:
    assert kind_of(KIND_KUBECONFIG) is Kind.KIND
    assert kind_of(target(Kind.EMBEDDED, "").kubeconfig) is Kind.EMBEDDED
    assert kind_of(Path("/home/me/.kube/config")) is Kind.OWN


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "config"
    file.write_text(
        "current-context: dead\n"
        "contexts: [{name: dead, context: {cluster: gone}}]\n"
        "clusters: [{name: gone, cluster: {server: 'https://127.0.0.1:1'}}]\n"
    )
    monkeypatch.setenv("KUBECONFIG", str(file))
    return file


def test_an_unknown_context_is_refused_with_the_known_ones(kubeconfig: Path) -> None:
    with pytest.raises(ToolError, match=r"no context 'alive' in .*; there are: dead"):
        contexts.find("alive")


def test_a_dead_context_is_refused_with_its_server(kubeconfig: Path) -> None:
    with pytest.raises(ToolError, match=r"'dead', https://127.0.0.1:1, does not answer"):
        contexts.find("dead")


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(ToolError, match="none: No such file"):
        contexts.find("any")
