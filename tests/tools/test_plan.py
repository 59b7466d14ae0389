"""From the engine's events to a plan, its layers and its text."""

import json
import re
from typing import Any

import pytest

from components.cost import Estimate, Line
from policies import SECRET, UNKNOWN, judge
from tools.layers import LAYERS, OTHER, layer
from tools.paths import ROOT
from tools.plan import Plan, plain
from tools.preview import problem
from tools.preview_text import lines

URN = "urn:pulumi:here::open-autoglm::"
SIGNED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def event(op: str, path: str, name: str, **more: Any) -> str:
    """One line of the engine's: `path` are the types from the outermost parent to the resource's own."""
    old, inputs = more.pop("old", None), more.pop("inputs", {})
    kind = path.rpartition("$")[2]
    metadata = {
        "op": op,
        "urn": f"{URN}{path}::{name}",
        "type": kind,
        "new": {"inputs": inputs, "parent": "p"},
        "old": old,
    }
    return json.dumps({"resourcePreEvent": {"metadata": metadata | more}})


def planned(*events: str) -> Plan:
    plan = Plan()
    for line in events:
        plan.read(line)
    return plan


VPC = "open-autoglm:index:Region$open-autoglm:aws:Network$aws:ec2/vpc:Vpc"


def test_secrets_and_unknown_values_are_marked() -> None:
    value = {"a": SIGNED, "b": [NOT_KNOWN, 1], "c": {"d": "text"}}
    assert plain(value) == {"a": SECRET, "b": [UNKNOWN, 1], "c": {"d": "text"}}


def test_a_step_has_the_new_inputs() -> None:
    [step] = planned(event("create", VPC, "net", inputs={"cidrBlock": "10.0.0.0/16", "__internal": {}})).steps.values()
    assert (step.op, step.resource.name, step.resource.type) == ("create", "net", "aws:ec2/vpc:Vpc")
    assert step.resource.props == {"cidrBlock": "10.0.0.0/16"}
    assert step.resource.parents == ("open-autoglm:index:Region", "open-autoglm:aws:Network")
    assert step.resource.parent == "p"


def test_a_replacement_is_one_step_whatever_its_order() -> None:
    for ops in (["create-replacement", "replace", "delete-replaced"], ["delete-replaced", "replace"]):
        plan = planned(*(event(op, VPC, "net", detailedDiff={"cidrBlock": {}}) for op in ops))
        [step] = plan.steps.values()
        assert (step.op, step.paths) == ("replace", ("cidrBlock",))


def test_what_is_deleted_is_no_part_of_the_stack() -> None:
    plan = planned(event("delete", VPC, "old", new=None, old={"inputs": {"a": 1}}), event("same", VPC, "kept"))
    assert [resource.name for resource in plan.resources()] == ["kept"]
    assert plan.steps[f"{URN}{VPC}::old"].resource.props == {"a": 1}


def test_errors_are_the_engines_own_words_once() -> None:
    def said(severity: str, message: str, urn: str = "") -> str:
        return json.dumps({"diagnosticEvent": {"severity": severity, "message": f"{message}\n", "urn": urn}})

    plan = planned(
        said("warning", "warning: using pulumi-resource-aws from $PATH at /x"),
        said("error", "vpc needs a range", f"{URN}{VPC}::net"),
        said("error", "vpc needs a range", f"{URN}{VPC}::net"),
        said("error", "preview failed"),
        said("info#err", "Traceback (most recent call last):"),
    )
    assert plan.warnings == []
    assert problem(plan) == "net: vpc needs a range"
    assert problem(planned("no event\n")) == "no event\n"
    assert "without a word" in problem(Plan())


def test_every_component_has_a_layer() -> None:
    text = "".join(path.read_text() for path in (ROOT / "components").rglob("*.py"))
    kinds = set(re.findall(r'"(open-autoglm:\w+:\w+)"', text)) - {"open-autoglm:index:Region"}
    found = {kind: layer(planned(event("create", f"{kind}$x:y:Z", "one")).resources()[0]) for kind in kinds}
    assert {kind for kind, name in found.items() if name == OTHER} == set()
    assert set(found.values()) <= set(LAYERS)
    assert found["open-autoglm:private:GpuNodes"] == "gpu pools"
    assert found["open-autoglm:aws:VpnGateway"] == "fleet"


def test_what_a_component_makes_for_itself_is_of_its_layer() -> None:
    path = "open-autoglm:index:Region$open-autoglm:aws:Storage$open-autoglm:aws:Files$aws:efs/fileSystem:FileSystem"
    assert layer(planned(event("create", path, "files")).resources()[0]) == "storage"


def text(plan: Plan, estimate: Estimate | None = None) -> str:
    return "\n".join(lines(plan, judge(plan.resources()), estimate))


TAGS = dict.fromkeys(("project", "stack", "environment", "owner", "cost-center", "managed-by"), "x")


def test_a_new_stack_is_told_by_layer() -> None:
    subnet = VPC.replace("vpc:Vpc", "subnet:Subnet")
    plan = planned(
        event("create", "pulumi:pulumi:Stack", "all"),
        event("create", VPC, "net", inputs={"tags": TAGS}),
        *(event("create", subnet, f"net-{number}", inputs={"tags": TAGS}) for number in range(2)),
        event("create", "random:index/x:X", "stray"),
    )
    shown = text(plan)
    assert "Resources: 4 (4 to create)\n  network        3  Vpc, Subnet x2\n  other          1  X\n" in shown
    assert "Changes" not in shown
    assert "Policies: 11 rules, 0 violations, 0 advisories" in shown


def test_changes_of_a_stack_that_is_there() -> None:
    kept = event("same", VPC, "kept", inputs={"tags": TAGS})
    changed = event("update", VPC, "net", inputs={"tags": TAGS}, detailedDiff={"tags.owner": {}})
    shown = text(planned(kept, changed))
    assert "Resources: 2 (1 same, 1 to update)" in shown
    assert "Changes:\n  ~ update   Vpc net: tags.owner\n" in shown
    assert "Changes: none" in text(planned(kept))


def test_violations_and_what_waits() -> None:
    broken = event("create", VPC, "net", inputs={"tags": {}})
    waits = event("create", VPC, "other", inputs={"tags": NOT_KNOWN})
    shown = text(planned(broken, waits))
    assert "1 violations, 0 advisories; 1 checks wait for values that only the update knows" in shown
    assert "  violation missing-tags: Vpc net: tags lack project, " in shown


def test_costs() -> None:
    fixed = Line(layer="network", what="NAT gateway", min_count=3, max_count=3, usd_per_hour=0.1)
    grows = Line(layer="gpu", what="pool a", min_count=0, max_count=4, usd_per_hour=2.0, note="spot")
    unknown = Line(layer="cluster", what="nodes", min_count=2, max_count=2, usd_per_hour=None)
    shown = text(Plan(), Estimate(name="x", lines=(fixed, grows, unknown)))
    assert "Cost a month: 219 USD at minimum size, 6,059 USD at maximum, without nodes: no price known\n" in shown
    assert "3 x NAT gateway: 219 USD, at 0.100 an hour\n" in shown
    assert "0-4 x pool a: 0 to 5,840 USD, at 2.000 an hour; spot\n" in shown
    assert "2 x nodes: no price known\n" in shown
    assert "Cost a month: because of this" in "\n".join(lines(Plan(), judge([]), None, "because of this"))


@pytest.mark.parametrize("line", ["", "   ", "{not json", '{"sequence": 1}', "[1]"])
def test_lines_that_are_no_events(line: str) -> None:
    plan = planned(line)
    assert plan.steps == {}
    assert plan.said == ([line] if line.strip() and not line.startswith('{"') else [])
