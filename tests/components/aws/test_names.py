import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws import names

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,120}[a-z0-9]", fullmatch=True)


@given(NAMES)
def test_a_name_is_pulumis_own_or_fits(name: str) -> None:
    made = names.bounded(name, 64)
    if made is None:
        assert len(name) + len("-1a2b3c4") <= 64
    else:
        assert len(made) <= 64


@given(NAMES, NAMES)
def test_two_names_stay_two(one: str, other: str) -> None:
    first, second = names.bounded(one, 20), names.bounded(other, 20)
    assert one == other or first is None or first != second


@pytest.mark.parametrize(("limit", "expected"), [(37, "aws-us-west-2"), (4, "aws"), (3, "aws")])
def test_a_start_ends_in_no_dash(limit: int, expected: str) -> None:
    assert names.start("aws-us-west-2", limit) == expected
