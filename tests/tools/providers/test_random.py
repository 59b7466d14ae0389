"""Random values: classes of characters, secrets, replacement, refusals."""

import base64
import re
import string

import pytest

from tools.providers.random import characters
from tools.providers.random.resources import KINDS


def draw(**inputs):
    full = characters.with_defaults(inputs)
    assert not list(characters.failures(full))
    return characters.draw(full)


def test_a_string_has_its_length_and_only_the_classes_asked_for():
    assert re.fullmatch(r"[a-z0-9]{200}", draw(length=200, upper=False, special=False))
    assert re.fullmatch(r"[xy]{50}", draw(length=50, upper=False, lower=False, numeric=False, overrideSpecial="xy"))
    assert re.fullmatch(r"[a-zA-Z]{50}", draw(length=50, number=False, special=False))


def test_minimums_hold():
    text = draw(length=12, minLower=3, minUpper=3, minNumeric=3, minSpecial=3)
    pools = (string.ascii_lowercase, string.ascii_uppercase, string.digits, characters.SPECIAL)
    assert [sum(character in pool for character in text) for pool in pools] == [3, 3, 3, 3]


def test_two_draws_differ():
    assert draw(length=32) != draw(length=32)


@pytest.mark.parametrize(
    ("inputs", "property_name"),
    [
        ({}, "length"),
        ({"length": 0}, "length"),
        ({"length": "12"}, "length"),
        ({"length": True}, "length"),
        ({"length": 3, "minLower": 4}, "length"),
        ({"length": 3, "minLower": -1}, "minLower"),
        ({"length": 3, "upper": "no"}, "upper"),
        ({"length": 3, "upper": False, "lower": False, "numeric": False, "special": False}, "length"),
    ],
)
def test_arguments_that_cannot_work_are_named(inputs, property_name):
    found = list(characters.failures(characters.with_defaults(inputs)))
    assert [name for name, _ in found] == [property_name]


def test_an_id_is_the_same_bytes_in_every_form():
    identifier, forms = KINDS["RandomId"].make({"byteLength": 5, "prefix": "p-"})
    drawn = bytes.fromhex(forms["hex"].removeprefix("p-"))
    assert len(drawn) == 5
    assert forms["b64Std"] == "p-" + base64.b64encode(drawn).decode()
    assert forms["dec"] == f"p-{int.from_bytes(drawn, 'big')}"
    assert forms["b64Url"] == f"p-{identifier}"


def test_passwords_and_bytes_are_secret_and_the_rest_is_not():
    assert {name: set(kind.secret) for name, kind in KINDS.items() if kind.secret} == {
        "RandomPassword": {"result"},
        "RandomBytes": {"base64", "hex"},
    }


@pytest.mark.integration
def test_values_are_drawn_once_and_again_when_a_keeper_changes(project):
    program = """
for kind, arguments in (("RandomString", {{"length": 9}}), ("RandomUuid", {{}}), ("RandomPassword", {{"length": 9}})):
    made = getattr(random, kind)(kind, keepers={{"version": "{0}"}}, **arguments)
    pulumi.export(kind, made.result)
pulumi.export("bytes", random.RandomBytes("b", length=4).hex)
pulumi.export("id", random.RandomId("i", byte_length=4).hex)
"""
    project.write(program.format("1"))
    project.preview().ok()
    project.up().ok()
    first = project.outputs()
    project.up("--expect-no-changes").ok()
    assert project.outputs() == first
    project.write(program.format("2"))
    assert project.steps()["RandomUuid"] == "replace"
    project.up().ok()
    second = project.outputs()
    assert {name for name in first if first[name] != second[name]} == {"RandomString", "RandomUuid", "RandomPassword"}
    assert first["RandomPassword"] not in project.state_text()
    assert second["RandomPassword"] not in project.state_text()
    assert first["bytes"] not in project.state_text()
    project.run("refresh", "--yes", "--skip-preview").ok()
    project.up("--expect-no-changes").ok()


@pytest.mark.integration
def test_what_the_stand_in_does_not_have_is_refused_by_name(project):
    project.write('random.RandomPet("p")')
    assert "RandomPet is not part of the stand-in for random" in project.preview().failed()
