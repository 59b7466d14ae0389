"""Provider arguments, kubeconfigs and the API server's refusals in plain words."""

import base64
import json
import sys

import pytest
import yaml

from tools.marks import UNKNOWN
from tools.providers.kubernetes import messages, settings
from tools.providers.kubernetes.credentials import Credentials
from tools.providers.kubernetes.errors import ApiError
from tools.providers.kubernetes.kubeconfig import Connection, KubeconfigAbsent, KubeconfigError, load


def kubeconfig(server="https://one:6443", **user):
    return {
        "clusters": [{"name": "c", "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "u", "user": user or {"token": "t0ken"}}],
        "contexts": [
            {"name": "main", "context": {"cluster": "c", "user": "u", "namespace": "team"}},
            {"name": "lost", "context": {"cluster": "gone", "user": "u"}},
        ],
        "current-context": "main",
    }


def test_contents_a_path_and_the_environment_give_the_same_connection(tmp_path, monkeypatch):
    text = yaml.safe_dump(kubeconfig())
    path = tmp_path / "config"
    path.write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(path))
    assert load(text) == load(str(path)) == load(None) == load(json.dumps(kubeconfig()))
    assert load(text).namespace == "team"


def test_secrets_stay_out_of_the_representation():
    assert "t0ken" not in repr(load(json.dumps(kubeconfig())))


def test_certificates_come_from_data_or_from_files_beside_the_kubeconfig(tmp_path):
    (tmp_path / "client.crt").write_text("PEM")
    data = base64.b64encode(b"KEY").decode()
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(kubeconfig(**{"client-certificate": "client.crt", "client-key-data": data})))
    connection = load(str(path))
    assert (connection.certificate, connection.key) == ("PEM", "KEY")


@pytest.mark.parametrize(
    ("text", "context", "field", "reason"),
    [
        ("{a: [", None, "kubeconfig", "not valid YAML"),
        ("{}", None, "kubeconfig", "no `clusters`"),
        (json.dumps(kubeconfig()), "nope", "context", "no context named 'nope'; it has: lost, main"),
        (json.dumps(kubeconfig()), "lost", "cluster", "no cluster named 'gone'; it has: c"),
        (json.dumps(kubeconfig(**{"client-key-data": "%%"})), None, "kubeconfig", "client-key-data is not base64"),
    ],
)
def test_a_kubeconfig_that_cannot_work_is_refused(text, context, field, reason):
    with pytest.raises(KubeconfigError, match=reason) as caught:
        load(text, context)
    assert caught.value.field == field
    arguments = {"kubeconfig": text} | ({"context": context} if context else {})
    assert [name for name, _ in settings.failures(arguments)] == [field]


def test_a_kubeconfig_that_is_not_there_yet_is_no_failure(tmp_path):
    with pytest.raises(KubeconfigAbsent):
        load(str(tmp_path / "later"))
    assert not list(settings.failures({"kubeconfig": str(tmp_path / "later")}))
    assert not list(settings.failures({"kubeconfig": UNKNOWN}))


def test_what_the_stand_in_cannot_do_is_refused():
    assert [name for name, _ in settings.failures({"renderYamlToDirectory": "out", "kubeconfig": UNKNOWN})] == [
        "renderYamlToDirectory"
    ]


def test_only_another_cluster_replaces_the_provider():
    old = {"kubeconfig": json.dumps(kubeconfig())}
    assert settings.replaced_by(old, {"kubeconfig": json.dumps(kubeconfig("https://two:6443"))}) == ["kubeconfig"]
    assert settings.replaced_by(old, {"kubeconfig": json.dumps(kubeconfig(**{"token": "new"}))}) == []
    assert settings.replaced_by(old, {"kubeconfig": UNKNOWN}) == []
    same = {"clusterIdentifier": "a", "kubeconfig": json.dumps(kubeconfig("https://two:6443"))}
    assert settings.replaced_by({**old, "clusterIdentifier": "a"}, same) == []


def test_flags_come_as_text_or_from_the_environment(monkeypatch):
    found = settings.from_arguments(
        {"deleteUnreachable": "true", "enableSecretMutable": True, "enablePatchForce": "false"}
    )
    assert (found.delete_unreachable, found.mutable, found.patch_force) == (True, {"Secret"}, False)
    monkeypatch.setenv("PULUMI_K8S_UPSERT_EXISTING_OBJECTS", "true")
    assert settings.from_arguments({}).upsert_existing_objects


def test_an_exec_plugin_gives_the_token_and_its_failure_is_told():
    credential = json.dumps({"status": {"token": "fresh"}})
    plugin = {"command": sys.executable, "apiVersion": "client.authentication.k8s.io/v1"}
    works = Connection(server="https://x", exec_plugin={**plugin, "args": ["-c", f"print({credential!r})"]})
    assert Credentials(works).headers() == {"Authorization": "Bearer fresh"}
    fails = Connection(server="https://x", exec_plugin={**plugin, "args": ["-c", "raise SystemExit('log in first')"]})
    with pytest.raises(KubeconfigError, match="failed with exit code 1: log in first"):
        Credentials(fails)


OBJECT = {"kind": "Deployment", "metadata": {"name": "web", "namespace": "team"}}


def test_an_unknown_field_is_named_and_nothing_else():
    plain = ".spec.replicaz: field not declared in schema"
    text = f"failed to create typed patch object (team/web; apps/v1, Kind=Deployment): {plain}"
    assert messages.refused(OBJECT, ApiError(500, text)) == f"Deployment team/web: {plain}"
    strict = ApiError(400, 'strict decoding error: unknown field "spec.replicaz", unknown field "spec.x"')
    assert messages.refused(OBJECT, strict) == (
        "Deployment team/web: .spec.replicaz: field not declared in schema; .spec.x: field not declared in schema"
    )


def test_a_conflict_names_fields_owners_and_the_way_out():
    told = 'conflict with "kubectl" using apps/v1'
    cause = {"reason": "FieldManagerConflict", "field": ".spec.replicas", "message": told}
    error = ApiError(409, "Apply failed with 1 conflict", "Conflict", [cause])
    text = messages.refused(OBJECT, error)
    assert ".spec.replicas (set by 'kubectl')" in text
    assert "pulumi.com/patchForce" in text
    assert messages.is_conflict(error)


@pytest.mark.parametrize(
    ("code", "text", "immutable", "transient"),
    [
        (422, "spec.selector: Invalid value: field is immutable", True, False),
        (422, "spec: Forbidden: updates to statefulset spec for fields other than x are forbidden", True, False),
        (422, "spec.replicas: Invalid value: -1: must be greater than or equal to 0", False, False),
        (404, 'namespaces "team" not found', False, True),
        (403, 'error looking up service account team/default: serviceaccount "default" not found', False, True),
        (403, "pods is forbidden: exceeded quota", False, False),
        (500, "Internal error occurred: failed calling webhook", False, True),
    ],
)  # fmt: skip
def test_refusals_are_told_apart(code, text, immutable, transient):
    error = ApiError(code, text)
    assert (messages.is_immutable(error), messages.is_transient(error)) == (immutable, transient)
