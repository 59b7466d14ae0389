"""The stand-in under the real engine: objects of others, of other kinds, and from other places than the program."""

import pytest

from tests.tools.providers.kubernetes_programs import live
from tools.providers.kubernetes.errors import ApiError

pytestmark = pytest.mark.integration


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
