import pytest

from autoglm_serving.lifecycle.state import FOLLOWS, IllegalTransition, State, check_transition
from autoglm_serving.lifecycle.version import Version, VersionError


@pytest.mark.parametrize("text", ["1", "12", "1.2", "1.2.3", "v1.2.3", "2.0.0-rc.1", "1.0.0+build.5"])
def test_semantic_and_integer_versions_are_read(text: str):
    assert str(Version.parse(text)) == text


@pytest.mark.parametrize("text", ["", "007", "1.2.3.4", "latest", "-1", "../1", "1 ", "٣", "1" * 65])
def test_what_is_no_version_is_refused(text: str):
    with pytest.raises(VersionError, match="is no version"):
        Version.parse(text)


def test_versions_are_ordered_as_semver_says():
    texts = ["1", "2.0.0-rc.1", "2", "9", "10.0.0"]
    assert sorted(map(Version.parse, reversed(texts))) == [Version.parse(text) for text in texts]


def test_no_state_is_a_dead_end_and_illegal_moves_are_refused():
    assert FOLLOWS.keys() == set(State)
    assert all(FOLLOWS.values())
    with pytest.raises(IllegalTransition):
        check_transition(State.FAILED, State.ACTIVE)
