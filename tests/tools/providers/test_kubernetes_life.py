"""The stand-in under the real engine and against a real API server: the life of resources."""

import contextlib
import time
from pathlib import Path

import pytest

from tests.harness.engine import Project, children
from tools.providers.kubernetes.client import Client
from tools.providers.kubernetes.errors import ApiError

pytestmark = pytest.mark.integration

CONFIG = """
conf = k8s.core.v1.ConfigMap("conf", metadata={{"namespace": "{namespace}"}}, data={{"key": "{value}"}})
web = k8s.apps.v1.Deployment(
    "web",
    metadata={{"namespace": "{namespace}", "name": "web", "annotations": {{"pulumi.com/skipAwait": "true"}}}},
    spec={{
        "replicas": {replicas},
        "selector": {{"matchLabels": {{"app": "web"}}}},
        "template": {{
            "metadata": {{"labels": {{"app": "web"}}}},
            "spec": {{"containers": [{{"name": "web", "image": "none:1", "resources": {{"limits": {{"cpu": "{cpu}"}}}},
                "envFrom": [{{"configMapRef": {{"name": conf.metadata.name}}}}]}}]}},
        }},
    }},
)
pulumi.export("name", conf.metadata.name)
"""


def make_ready(client: Client, namespace: str) -> None:
    """An endpoint for the Service `slow`, as a ready pod would give it."""
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": namespace, "name": "slow-1", "labels": {"kubernetes.io/service-name": "slow"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.9"], "conditions": {"ready": True}}],
    }
    client.apply(slice_, "test")


def config(namespace, *, value="1", replicas=1, cpu="1"):
    return CONFIG.format(namespace=namespace, value=value, replicas=replicas, cpu=cpu)


def live(client, kind, namespace, name, api_version="v1"):
    return client.get({"apiVersion": api_version, "kind": kind, "metadata": {"namespace": namespace, "name": name}})


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


def test_an_object_of_someone_else_is_not_taken_over(project, client, namespace):
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": namespace, "name": "theirs"}}
    client.apply({**theirs, "data": {"a": "1"}}, "somebody")
    program = f'k8s.core.v1.ConfigMap("c", metadata={{"namespace": "{namespace}", "name": "theirs"}}, data={{"a": "1"}}'
    project.write(program + ")")
    assert "exists already and this stack did not make it" in project.up().failed()

    project.write(program + f', opts=pulumi.ResourceOptions(import_="{namespace}/theirs"))')
    project.up().ok()
    project.write(program + ")")
    project.up("--expect-no-changes").ok()


def test_get_reads_an_object_without_owning_it(project, client, namespace):
    client.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"namespace": namespace, "name": "c"},
            "data": {"a": "7"},
        },
        "somebody",
    )
    project.write(f"""
found = k8s.core.v1.ConfigMap.get("found", "{namespace}/c")
pulumi.export("a", found.data["a"])
""")
    project.up().ok()
    assert project.outputs()["a"] == "7"
    project.run("destroy", "--yes", "--skip-preview").ok()
    assert live(client, "ConfigMap", namespace, "c") is not None


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


def test_a_patch_sets_its_fields_and_gives_them_up(project, client, namespace):
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": namespace, "name": "theirs"}}
    client.apply({**theirs, "data": {"a": "1"}}, "somebody")
    project.write(f"""
k8s.core.v1.ConfigMapPatch("p", metadata={{"namespace": "{namespace}", "name": "theirs"}}, data={{"b": "2"}})
""")
    project.up().ok()
    assert live(client, "ConfigMap", namespace, "theirs")["data"] == {"a": "1", "b": "2"}
    project.run("destroy", "--yes", "--skip-preview").ok()
    assert live(client, "ConfigMap", namespace, "theirs")["data"] == {"a": "1"}


def test_a_killed_update_is_taken_up_again(project, client, namespace):
    project.write(f"""
k8s.core.v1.ConfigMap("fast", metadata={{"namespace": "{namespace}", "name": "fast"}}, data={{"a": "1"}})
k8s.core.v1.Service("slow", metadata={{"namespace": "{namespace}", "name": "slow"}},
    spec={{"selector": {{"no": "pod"}}, "ports": [{{"port": 80}}]}})
""")
    process = project.popen("up", "--yes", "--skip-preview")
    _until(lambda: live(client, "Service", namespace, "slow") is not None)
    project.kill(process)
    make_ready(client, namespace)
    project.run("cancel", "--yes")
    project.up().ok()
    assert set(project.state()) >= {"fast", "slow"}


def test_without_a_cluster_a_preview_works_and_an_update_says_why_not(tmp_path):
    project = Project(tmp_path / "project")
    project.write("""
provider = k8s.Provider("p", kubeconfig="/nowhere/kubeconfig")
opts = pulumi.ResourceOptions(provider=provider)
team = k8s.core.v1.Namespace("team", opts=opts)
svc = k8s.core.v1.Service("svc", metadata={"namespace": team.metadata.name}, spec={"ports": [{"port": 80}]}, opts=opts)
pulumi.export("ip", svc.spec.cluster_ip)
pulumi.export("name", team.metadata.name.apply(lambda name: name[:5]))
""")
    text = project.preview().ok()
    assert 'name: "team-"' in text
    assert "[unknown]" in text.split("--outputs:--")[1]
    assert "there is no kubeconfig file at /nowhere/kubeconfig" in project.up().failed()


def test_an_unknown_context_is_refused_by_name(project):
    project.write(f"""
k8s.Provider("p", kubeconfig="{project.environment["KUBECONFIG"]}", context="production")
""")
    assert "no context named 'production'; it has: test" in project.preview().failed()


def test_a_custom_resource_waits_for_its_definition_in_the_same_program(project, client, namespace):
    project.write(f"""
crd = k8s.apiextensions.v1.CustomResourceDefinition("crd", metadata={{"name": "widgets.example.com"}}, spec={{
    "group": "example.com", "scope": "Namespaced", "names": {{"kind": "Widget", "plural": "widgets"}},
    "versions": [{{"name": "v1", "served": True, "storage": True, "schema": {{"openAPIV3Schema": {{"type": "object",
        "properties": {{"spec": {{"type": "object", "properties": {{"size": {{"type": "integer"}}}}}}}}}}}}}}]}})
widget = k8s.apiextensions.CustomResource("w", api_version="example.com/v1", kind="Widget",
    metadata={{"namespace": "{namespace}"}}, spec={{"size": 3}}, opts=pulumi.ResourceOptions(depends_on=[crd]))
pulumi.export("name", widget.metadata["name"])
""")
    project.preview().ok()
    project.up().ok()
    name = project.outputs()["name"]
    assert live(client, "Widget", namespace, name, "example.com/v1")["spec"] == {"size": 3}
    project.up("--expect-no-changes").ok()
    project.run("destroy", "--yes", "--skip-preview").ok()
    with pytest.raises(ApiError):
        client.get_json(f"/apis/example.com/v1/namespaces/{namespace}/widgets")


def test_a_restart_of_the_api_server_does_not_end_a_wait(project, api, client, namespace):
    project.write(f"""
k8s.core.v1.Service("slow", metadata={{"namespace": "{namespace}", "name": "slow"}},
    spec={{"selector": {{"no": "pod"}}, "ports": [{{"port": 80}}]}})
""")
    process = project.popen("up", "--yes", "--skip-preview")
    _until(lambda: live(client, "Service", namespace, "slow") is not None)
    api.stop_api()
    time.sleep(2)
    api.start_api()
    make_ready(client, namespace)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 0, text


def _until(done, seconds=60.0):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "the awaited state did not come"
        time.sleep(0.1)


def test_a_cluster_that_is_gone_is_told_and_may_be_forgotten(project, api, namespace):
    project.write(config(namespace))
    project.up().ok()
    api.stop_api()
    try:
        assert "does not answer" in project.run("refresh", "--yes", "--skip-preview").failed()
        assert "does not answer" in project.run("destroy", "--yes", "--skip-preview").failed()
        assert "conf" in project.state()
        project.environment["PULUMI_K8S_DELETE_UNREACHABLE"] = "true"
        project.run("destroy", "--yes", "--skip-preview").ok()
        assert "conf" not in project.state()
    finally:
        api.start_api()


def test_manifests_are_decoded_and_generated_names_are_read_back(project, client, namespace):
    project.write(f"""
group = k8s.yaml.ConfigGroup("g", yaml=['''
apiVersion: v1
kind: ConfigMap
metadata: {{name: from-yaml, namespace: {namespace}}}
data: {{a: "1"}}
'''])
made = k8s.core.v1.ConfigMap("made", metadata={{"namespace": "{namespace}", "generateName": "made-"}})
pulumi.export("name", made.metadata.name)
""")
    project.preview().ok()
    project.up().ok()
    name = project.outputs()["name"]
    assert name.startswith("made-")
    assert live(client, "ConfigMap", namespace, name) is not None
    assert live(client, "ConfigMap", namespace, "from-yaml")["data"] == {"a": "1"}
    project.up("--expect-no-changes").ok()


def test_what_only_the_official_plugin_does_is_refused_by_name(project):
    project.write('k8s.helm.v3.Release("r", chart="nginx")')
    assert "kubernetes:helm.sh/v3:Release is not supported by the stand-in" in project.preview().failed()


def test_a_killed_engine_leaves_no_plugin_behind(project, client, namespace):
    project.write(f"""
k8s.core.v1.Service("slow", metadata={{"namespace": "{namespace}", "name": "slow"}},
    spec={{"selector": {{"no": "pod"}}, "ports": [{{"port": 80}}]}})
""")
    process = project.popen("up", "--yes", "--skip-preview")
    _until(lambda: live(client, "Service", namespace, "slow") is not None)
    plugins = [pid for pid, command in children(process.pid).items() if "tools.providers.kubernetes" in command]
    assert plugins
    project.kill(process)
    _until(lambda: not any(_is_running(pid) for pid in plugins))


def _is_running(pid):
    status = Path(f"/proc/{pid}/status")
    with contextlib.suppress(OSError):
        return "State:\tZ" not in status.read_text()
    return False
