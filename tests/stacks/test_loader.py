"""Region files: read, overlaid, refused with every problem named."""

from typing import Any

import pulumi
import pytest

from stacks import loader
from stacks.loader import RegionError, merge, parse, read
from tests.harness.programs import DEV, dev

TEXT = DEV.read_text()
PROVIDER = "it must be one of private, aws, alicloud, tencentcloud"


def refused(overlay: dict[str, Any] | None = None, *, text: str = TEXT, secret: bool = False) -> list[str]:
    """The message's lines, without the first."""
    with pytest.raises(RegionError) as error:
        parse(text, source="stacks/dev.yaml", overlay=overlay, secret=secret)
    first, *problems = str(error.value).splitlines()
    assert first.startswith("stacks/dev.yaml can't be used; nothing was made.")
    return [problem.strip() for problem in problems]


def test_dev() -> None:
    region = dev()
    assert region.provider == "private"
    assert region.model.max_model_len == 25480
    assert region.gateway.exposure.port == 30080
    assert region.images.envoy == "docker.io/envoyproxy/envoy:distroless-v1.40.0"


def test_the_overlay_changes_what_it_names() -> None:
    region = dev({"serving": {"replicas": 1, "resources": {"limits": {"cpu": 2}}}})
    assert region.serving.replicas == 1
    assert region.serving.resources.limits.cpu == "2"
    assert region.serving.resources.limits.memory == "2Gi"


def test_a_mapping_of_another_type_is_replaced_whole() -> None:
    below = {"model": {"name": "a", "source": {"type": "tiny", "seed": 3}}}
    over = {"model": {"source": {"type": "folder", "path": "/srv/model"}}}
    assert merge(below, over) == {"model": {"name": "a", "source": {"type": "folder", "path": "/srv/model"}}}
    assert merge(below, {"model": {"source": {"seed": 4}}})["model"]["source"] == {"type": "tiny", "seed": 4}


def test_merge_leaves_its_arguments_alone() -> None:
    below, over = {"a": {"b": 1}, "c": [1]}, {"a": {"d": 2}, "c": [2]}
    assert merge(below, over) == {"a": {"b": 1, "d": 2}, "c": [2]}
    assert (below, over) == ({"a": {"b": 1}, "c": [1]}, {"a": {"d": 2}, "c": [2]})


def test_a_region_can_not_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        dev().serving.replicas = 5  # type: ignore[misc]


def test_every_problem_is_told_at_once() -> None:
    problems = refused({"serving": {"replcas": 3, "drainSeconds": "abc"}, "etcd": {"members": 2}, "extra": 1})
    assert problems == [
        "serving.drainSeconds = 'abc': it must be a whole number",
        "serving.replcas: it is not a known key: did you mean replicas?",
        "etcd.members = 2: an even number stands no more losses than one fewer: use 1, 3 or 5",
        "extra: it is not a known key: the known ones are cluster, environment, etcd, gateway, gpuPools, gpuRuntime, "
        "images, isolation, model, monitoring, namespace, provider, quota, serving, telemetry, tuning",
    ]


@pytest.mark.parametrize(
    ("overlay", "problem"),
    [
        ({"provider": "privat"}, f"provider = 'privat': {PROVIDER}: did you mean private?"),
        ({"provider": None}, f"provider: {PROVIDER}"),
        (
            {"namespace": "Auto_GLM"},
            "namespace = 'Auto_GLM': it must be a DNS label: at most 63 of a-z, 0-9 and -, with a"
            " letter or digit at both ends",
        ),
        (
            {"images": {"etcd": "quay.io/coreos/etcd"}},
            "images.etcd = 'quay.io/coreos/etcd': it changes under the same name:"
            " end it with an exact version or with @sha256:...",
        ),
        (
            {"images": {"etcd": "etcd:latest"}},
            "images.etcd = 'etcd:latest': it changes under the same name: end it with an"
            " exact version or with @sha256:...",
        ),
        (
            {"images": {"etcd": "etcd @ home"}},
            "images.etcd = 'etcd @ home': it is not an image reference: write"
            " registry/name:version or registry/name@sha256:...",
        ),
        (
            {"serving": {"resources": {"limits": {"memory": "2GB"}}}},
            "serving.resources.limits.memory = '2GB': it is not a"
            " Kubernetes quantity: write a number with a suffix, as in 500m, 2 or 4Gi",
        ),
        (
            {"serving": {"resources": {"limits": {"memory": "1Mi"}}}},
            "serving.resources: requests.memory is more than limits.memory: lower the request",
        ),
        ({"etcd": {"volume": {"size": 0}}}, "etcd.volume.size = 0: it is nothing: ask for more than 0"),
        (
            {"gateway": {"exposure": {"port": 80}}},
            "gateway.exposure.port = 80: it must be 30000 or more",
        ),
        (
            {"gateway": {"exposure": {"prot": 30081}}},
            "gateway.exposure.prot: it is not a known key: did you mean port?",
        ),
        (
            {"gateway": {"exposure": {"type": "Nodeport"}}},
            "gateway.exposure.type = 'Nodeport': it must be one of 'NodePort', 'ClusterIP', 'LoadBalancer':"
            " did you mean NodePort?",
        ),
        (
            {"model": {"source": {"type": "folder", "path": "models"}}},
            "model.source.path = 'models': it is a path on the"
            " nodes, so it must be absolute and without `..`: as in /srv/models/phone",
        ),
        (
            {"model": {"name": "../etc"}},
            "model.name = '../etc': it must be a name that a folder can have: at most 100 of a-z, 0-9,"
            " -, . and _, as in autoglm-phone-9b",
        ),
        ({"serving": 3}, "serving = 3: it must be a mapping of keys"),
        (
            {"serving": {"drainSeconds": 30}},
            "serving.drainSeconds = 30: gateway.maxStreamSeconds is more, so a rolling update"
            " would cut streams: set it to 600 or more, or allow shorter streams",
        ),
        (
            {"quota": {"memory": "1Gi"}},
            "quota.memory = 1Gi: the region's workloads ask for 4320Mi while they are rolled: set it"
            " to 4320Mi or more, or ask for less",
        ),
        (
            {"quota": {"storage": "4Gi"}},  # 2 of etcd, 0.5 of its snapshots, and 1 for the model's, before and after
            "quota.storage = 4Gi: the region's workloads ask for 4608Mi while they are rolled: set it"
            " to 4608Mi or more, or ask for less",
        ),
        (
            {"quota": {"pods": 3}},
            "quota.pods = 3: the region's workloads ask for 9 while they are rolled: set it to 9 or more,"
            " or ask for less",
        ),
    ],
)
def test_a_problem_has_field_value_reason_and_fix(overlay: dict[str, Any], problem: str) -> None:
    assert problem in refused(overlay)


def test_a_missing_field_is_named() -> None:
    text = TEXT.replace("namespace: autoglm\n", "").replace("    type: tinyphone ", "    seed: 0 ")
    assert refused(text=text) == ["namespace: it is missing: add it", "model.source.type: it is missing: add it"]


def test_secrets_are_not_shown() -> None:
    secret = {"serving": {"replicas": "hunter2"}, "password": "hunter2", "etcd": {"volume": {"size": "hunter2"}}}
    problems = refused(secret, secret=True)
    assert len(problems) == 3
    assert not [problem for problem in problems if "hunter2" in problem]
    drain = refused({"serving": {"drainSeconds": 31}, "model": {"name": "QQ-hunter2"}}, secret=True)
    assert drain[0].startswith("model.name: it must be") and drain[1:] == []
    assert refused({"serving": {"drainSeconds": 31}}, secret=True)[0].startswith("serving.drainSeconds: gateway.max")
    # An unknown key's value is not shown in any case: it may be a secret under a misspelt name.
    assert not [problem for problem in refused({"extra": "hunter2"}) if "hunter2" in problem]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "provider: private\n  images: x\n",
            r"^x\.yaml, line 2, column 9: this is not YAML: mapping values are not allowed",
        ),
        ("a: 'hunter2\nb: 1\n", r"^x\.yaml, line 3, column 1: this is not YAML: found unexpected end of stream"),
        ("a: 1\nb: 2\na: 3\n", r"^x\.yaml, line 3, column 1: this is not YAML: the key 'a' is there twice"),
        ("a: \x00", r"^x\.yaml: this is not YAML: it has characters that no YAML file may have"),
        ("- private\n", r"^x\.yaml: it must be a mapping of keys, beginning with `provider:`"),
        ("", r"^x\.yaml: it must be a mapping of keys"),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            r"^x\.yaml, line 1, column 4: this is not YAML: could not determine",
        ),
    ],
)
def test_what_is_no_region_file(text: str, message: str) -> None:
    with pytest.raises(RegionError, match=message) as error:
        parse(text, source="x.yaml")
    assert "hunter2" not in str(error.value)


def test_load_lays_the_stack_s_configuration_over_the_file() -> None:
    pulumi.runtime.set_all_config({"open-autoglm:region": '{"serving": {"maxNumSeqs": 3}}'}, [])
    assert loader.load("dev", pulumi.Config("open-autoglm")).serving.max_num_seqs == 3
    pulumi.runtime.set_all_config(
        {"open-autoglm:region": '{"serving": {"maxNumSeqs": "hunter2"}}'}, ["open-autoglm:region"]
    )
    with pytest.raises(RegionError, match=r"serving\.maxNumSeqs: it must be a whole number$"):
        loader.load("dev", pulumi.Config("open-autoglm"))


def test_a_stack_without_a_file() -> None:
    pulumi.runtime.set_all_config({}, [])
    with pytest.raises(RegionError, match=r"stack 'prod' has no stacks/prod\.yaml: write one, or use one of: .*dev"):
        loader.load("prod", pulumi.Config("open-autoglm"))


def test_every_region_file_is_valid() -> None:
    files = sorted(loader.FOLDER.glob("*.yaml"))
    assert DEV in files
    for file in files:
        read(file.read_text(), source=file.name)
