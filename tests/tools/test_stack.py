"""A killed update's state, made whole again without asking anybody."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import stack
from tools.stack import Stack, adopt, object_id

POD = {
    "urn": "urn:pulumi:dev::p::kubernetes:core/v1:Pod::pod",
    "type": "kubernetes:core/v1:Pod",
    "inputs": {"metadata": {"name": "pod-1a2b", "namespace": "apps"}},
}
SPACE = {
    "urn": "urn:pulumi:dev::p::kubernetes:core/v1:Namespace::space",
    "type": "kubernetes:core/v1:Namespace",
    "inputs": {"metadata": {"name": "apps"}},
}
PASSWORD = {
    "urn": "urn:pulumi:dev::p::random:index/randomPassword:RandomPassword::key",
    "type": "random:index/randomPassword:RandomPassword",
    "inputs": {"length": 32},
}


def creating(resource: dict[str, Any]) -> dict[str, Any]:
    return {"type": "creating", "resource": copy.deepcopy(resource)}


def test_objects_are_known_by_namespace_and_name() -> None:
    assert object_id(creating(POD)) == "apps/pod-1a2b"
    assert object_id(creating(SPACE)) == "apps"
    assert object_id(creating(PASSWORD)) is None
    assert object_id({"type": "updating", "resource": POD}) is None


def test_half_made_objects_go_into_the_state_for_a_refresh_to_look_at() -> None:
    deployment = {"resources": [], "pending_operations": [creating(POD), creating(PASSWORD)]}
    assert adopt(deployment) == 2
    assert deployment == {"resources": [{**POD, "id": "apps/pod-1a2b"}]}


def test_a_half_made_replacement_is_to_be_deleted() -> None:
    old = {**POD, "id": "apps/pod-old"}
    deployment = {"resources": [old], "pending_operations": [creating(POD)]}
    adopt(deployment)
    assert deployment["resources"] == [old, {**POD, "id": "apps/pod-1a2b", "delete": True}]


def test_a_whole_state_stays_as_it_is() -> None:
    assert adopt(whole := {"resources": [POD]}) == 0
    assert whole == {"resources": [POD]}


def test_the_users_own_backend_and_passphrase_are_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://theirs")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "theirs")
    environment = Stack("dev").environment()
    assert environment["PULUMI_BACKEND_URL"] == Stack("dev").backend == "s3://theirs"
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in environment


def test_only_what_runs_the_program_gets_the_checkout_and_the_configuration() -> None:
    assert "--config-file" in Stack("dev").argv("up", "--yes")
    assert str(stack.ROOT) in Stack("dev").argv("preview")
    assert "--config-file" not in Stack("dev").argv("stack", "export")
    assert str(stack.STATE) in Stack("dev").argv("stack", "export")


def test_what_a_user_sets_is_where_the_next_up_looks(tmp_path: Path) -> None:
    setting = Stack("dev").argv("config", "set", "--path", "open-autoglm:region.serving.replicas", "3")
    assert setting[setting.index("--config-file") + 1] == str(stack.ROOT / "Pulumi.dev.yaml")
    assert "--config-file" not in Stack("dev", tmp_path).argv("config", "set", "a", "b"), "it is only tried"


@pytest.mark.parametrize(
    ("backend", "value", "salt"),
    [
        ("", 6, "ours"),
        ("", {"secure": "v1:abc"}, "theirs"),  # no other salt opens it
        ("s3://theirs", 6, "theirs"),
    ],
)
def test_the_salt_of_a_plain_stack_init_is_for_its_own_passphrase_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, backend: str, value: object, salt: str
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.setattr(stack, "own_backend", lambda: backend or None)
    monkeypatch.setattr(stack, "STATE", tmp_path)
    monkeypatch.setattr(Stack, "exists", lambda _self: True)
    config = tmp_path / "Pulumi.west.yaml"
    config.write_text("encryptionsalt: ours\n")
    content = {"encryptionsalt": "theirs", "config": {"open-autoglm:region": {"serving": {"replicas": value}}}}
    Stack("west").prepare(content)
    assert yaml.safe_load(config.read_text()) == {**content, "encryptionsalt": salt}
