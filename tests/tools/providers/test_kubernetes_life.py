"""The stand-in under the real engine and against a real API server: the life of a program's own resources."""

import pytest

from tests.tools.providers.kubernetes_programs import config, live

pytestmark = pytest.mark.integration


def test_a_change_touches_only_what_it_must_and_a_second_run_nothing(project, client, namespace):
    project.write(config(namespace))
    planned = project.steps()
    assert {planned[name] for name in ("conf", "web")} == {"create"}
    project.up().ok()
    first = project.outputs()["name"]
    assert project.up("--expect-no-changes").ok()
    assert live(client, "Deployment", namespace, "web", "apps/v1")["metadata"]["generation"] == 1

    project.write(config(namespace, value="2"))
    planned = project.steps()
    assert (planned["conf"], planned["web"]) == ("replace", "update")
    project.up().ok()
    second = project.outputs()["name"]
    pod = live(client, "Deployment", namespace, "web", "apps/v1")["spec"]["template"]["spec"]
    assert second != first
    assert pod["containers"][0]["envFrom"][0]["configMapRef"]["name"] == second
    assert live(client, "ConfigMap", namespace, first) is None

    project.run("destroy", "--yes", "--skip-preview").ok()
    assert live(client, "ConfigMap", namespace, second) is None
    assert live(client, "Deployment", namespace, "web", "apps/v1") is None


def test_the_same_quantity_in_other_words_is_no_change(project, namespace):
    project.write(config(namespace, cpu="1"))
    project.up().ok()
    project.write(config(namespace, cpu="1000m"))
    project.up("--expect-no-changes").ok()
    project.run("refresh", "--yes", "--skip-preview").ok()
    project.up("--expect-no-changes").ok()


def test_a_refresh_shows_drift_and_the_next_update_ends_it(project, client, namespace):
    project.write(config(namespace, replicas=2))
    project.up().ok()
    drifted = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": "web", "labels": {"theirs": "x"}},
        "spec": {"replicas": 5},
    }
    client.apply(drifted, "somebody", force=True)
    project.run("refresh", "--yes", "--skip-preview").ok()
    assert project.state()["web"]["inputs"]["spec"]["replicas"] == 5
    assert "labels" not in project.state()["web"]["inputs"]["metadata"]  # a field that the program does not set
    assert "set by 'somebody'" in project.preview().failed()  # the other manager still claims the field

    client.apply({**drifted, "spec": {}}, "somebody", force=True)
    assert project.steps()["web"] == "update"
    project.up().ok()
    assert live(client, "Deployment", namespace, "web", "apps/v1")["spec"]["replicas"] == 2


def test_an_ignored_field_stays_with_who_set_it(project, client, namespace):
    text = config(namespace, replicas=1) + '\nIGNORED = ["spec.replicas"]\n'
    text = text.replace(
        "    },\n)\npulumi.export",
        '    },\n    opts=pulumi.ResourceOptions(ignore_changes=["spec.replicas"]),\n)\npulumi.export',
    )
    project.write(text)
    project.up().ok()
    scaled = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": "web"},
        "spec": {"replicas": 4},
    }
    client.apply(scaled, "autoscaler", force=True)
    project.write(text.replace("none:1", "none:2"))
    project.up().ok()
    found = live(client, "Deployment", namespace, "web", "apps/v1")["spec"]
    assert found["replicas"] == 4
    assert found["template"]["spec"]["containers"][0]["image"] == "none:2"


def test_a_deleted_object_is_made_again_after_a_refresh(project, client, namespace):
    project.write(config(namespace))
    project.up().ok()
    name = project.outputs()["name"]
    gone = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": namespace, "name": name}}
    client.delete(gone, "Background", None)
    project.run("refresh", "--yes", "--skip-preview").ok()
    assert "conf" not in project.state()
    assert project.steps()["conf"] == "create"


def test_a_misspelt_field_is_refused_by_the_preview(project, client, namespace):
    project.write(config(namespace).replace('"replicas"', '"replicaz"'))
    assert ".spec.replicaz: field not declared in schema" in project.preview().failed()
    project.write(config(namespace))
    project.up().ok()
    project.write(config(namespace).replace('"replicas"', '"replicaz"'))
    assert ".spec.replicaz: field not declared in schema" in project.preview().failed()


def test_a_wrong_type_and_a_bad_name_are_refused_with_their_path(project, namespace):
    project.write(f"""
k8s.core.v1.ConfigMap("a", metadata={{"namespace": "{namespace}", "labels": {{"count": 3}}}})
""")
    assert "metadata.labels.count" in project.preview().failed()
    project.write(f"""
k8s.core.v1.ConfigMap("a", metadata={{"namespace": "{namespace}", "name": "Not_A_Name"}})
""")
    assert "'Not_A_Name' is no object name" in project.preview().failed()


def test_a_named_object_with_an_immutable_change_is_deleted_first(project, client, namespace):
    program = """
k8s.apps.v1.StatefulSet("s", metadata={{"namespace": "{0}", "name": "s",
    "annotations": {{"pulumi.com/skipAwait": "true"}}}}, spec={{"serviceName": "{1}", "replicas": 0,
    "selector": {{"matchLabels": {{"a": "b"}}}}, "template": {{"metadata": {{"labels": {{"a": "b"}}}},
    "spec": {{"containers": [{{"name": "c", "image": "none:1"}}]}}}}}})
"""
    project.write(program.format(namespace, "one"))
    project.up().ok()
    before = live(client, "StatefulSet", namespace, "s", "apps/v1")["metadata"]["uid"]
    project.write(program.format(namespace, "two"))
    assert project.steps()["s"] == "replace"
    project.up().ok()
    after = live(client, "StatefulSet", namespace, "s", "apps/v1")
    assert after["spec"]["serviceName"] == "two"
    assert after["metadata"]["uid"] != before
