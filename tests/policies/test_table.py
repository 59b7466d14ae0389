"""The rules as a whole: their table, their page, the SDKs that they speak of."""

import re
from collections.abc import Iterable

import pytest

from policies import RULES, Resource, Severity, judge, taggable
from policies.rules import credentials, tagging
from policies.rules.base import Rule
from tests.policies.planned import planned, pod
from tools.paths import ROOT

ISSUE = {  # what the requirement names -> the rule
    "public ports": "public-ports",
    "unencrypted storage": "unencrypted-storage",
    "mutable images": "mutable-images",
    "untainted GPU pools": "untainted-gpu-pools",
    "even quorum": "even-quorum",
    "missing tags": "missing-tags",
    "kept TKE instances": "kept-instances",
    "public API endpoints": "public-api-endpoints",
    "wildcard IAM actions": "wildcard-actions",
    "secrets outside secret fields": "exposed-secrets",
}


def test_every_rule_that_is_asked_for_is_mandatory() -> None:
    by_id = {rule.id: rule for rule in RULES}
    assert len(by_id) == len(RULES)
    assert {by_id[name].severity for name in ISSUE.values()} == {Severity.MANDATORY}


def test_the_page_has_the_table() -> None:
    page = (ROOT / "docs" / "policies.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| (mandatory|advisory) \| (.+?) \|", page, re.MULTILINE)
    assert rows == [(rule.id, rule.severity.value, rule.description) for rule in RULES]


def test_the_list_of_taggable_types_is_current() -> None:
    """python -m policies.taggable > policies/taggable.txt"""
    assert taggable.tokens() == (ROOT / "policies" / "taggable.txt").read_text().split()


def test_every_type_that_a_rule_names_is_in_its_sdk() -> None:
    text = "".join(path.read_text() for path in (ROOT / "policies" / "rules").glob("*.py"))
    named = set(re.findall(r'"((?:aws|alicloud|tencentcloud):[A-Za-z0-9/]+:[A-Za-z]+)"', text))
    known = {token for package in taggable.PACKAGES for token in _tokens(package)}
    assert named - known == set()
    assert {name.partition(":")[0] for name in named} == {"aws", "alicloud", "tencentcloud"}


def _tokens(package: str) -> Iterable[str]:
    for path in taggable.sources(package):
        if found := taggable.TOKEN.search(path.read_text()):
            yield found[1]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_nothing_of_what_it_does_not_know(rule: Rule) -> None:
    strangers = [planned("gcp:storage/bucket:Bucket"), planned("open-autoglm:aws:Network"), planned("random:x:Y")]
    assert judge(strangers, [rule]).violations == ()


def test_a_plan_that_every_rule_likes() -> None:
    report = judge([pod(), planned("pulumi:pulumi:Stack")])
    assert (report.violations, report.undecided) == ((), ())


def test_what_is_known_is_said_even_if_the_rest_is_not() -> None:
    half: Resource = pod(env=[{"name": "API_TOKEN", "value": "hush"}], image="nginx")
    report = judge([half])
    assert {found.rule.id for found in report.violations} == {"exposed-secrets", "mutable-images", "image-digests"}
    assert {found.rule.id for found in report.mandatory} == {"exposed-secrets", "mutable-images"}
    assert str(report.mandatory[0]).startswith("exposed-secrets: kubernetes:apps/v1:Deployment one: ")


def test_tables_name_types_once() -> None:
    assert set(tagging._SPECIAL) & tagging.taggable() == set()
    assert all(paths for paths in credentials.FIELDS.values())
