"""What a region's stack says of itself to its fleet, and what the fleet makes of it."""

import pulumi
import pytest

from components.fleet import member
from tests.components.fleet import fleets
from tests.harness import mocks
from tests.harness.mocks import Recorder

WEST = "aws-us-west-2"


def run(found: Recorder, preview: bool = False) -> Recorder:
    program = fleets.program(fleets.spec(*fleets.GLOBAL), fleets.regions(*fleets.GLOBAL))
    return mocks.run(program, preview=preview, recorder=found)


def test_export_names_every_field_in_camel_case() -> None:
    assert set(fleets.exported(WEST)) == {
        "provider", "region", "account", "cidr", "vpc", "routeTables", "nodeSecurityGroup", "bucket", "address",
        "subnets",
    }  # fmt: skip


def test_what_is_exported_comes_back_with_each_table_once() -> None:
    exported = fleets.exported(WEST)

    def program() -> dict[str, object]:
        facts = {key: exported[key] for key in ("provider", "region", "account", "cidr")}
        found = member.from_output(pulumi.Output.from_input(exported), facts, member.shape(exported))
        assert (found.provider, found.region) == ("aws", "us-west-2")
        return {"vpc": found.vpc, "tables": pulumi.Output.all(*found.route_tables), "address": found.address}

    exports = mocks.run(program).exports
    assert exports["vpc"].value == "vpc-of-aws-us-west-2"
    assert exports["tables"].value == ["rtb-1-aws-us-west-2", "rtb-2-aws-us-west-2"]
    assert exports["address"].value == "west.elb.amazonaws.com"


def test_a_preview_goes_on_without_a_members_stack() -> None:
    """One table a zone is assumed; its id is unknown."""
    found = run(fleets.recorder(missing=(WEST,)), preview=True)
    routes = [item for item in found.all("Route") if item.name.endswith(f"{WEST}-crossing-route-1")]
    assert len(routes) == 2
    assert not [item for item in found.resources if item.name.endswith(f"/{WEST}")]  # no reference to it


def test_an_update_says_what_to_run_first() -> None:
    with pytest.raises(
        pulumi.RunError, match="aws-us-west-2 exports nothing yet: run `pulumi up --stack aws-us-west-2"
    ):
        run(fleets.recorder(missing=(WEST,)))


def test_a_stack_that_is_not_what_its_file_says_is_refused() -> None:
    message = "cidr is '10.9.0.0/16' in the stack, '10.10.0.0/16' in its file: run `pulumi up --stack aws-us-west-2`"
    with pytest.raises(pulumi.RunError, match=message):
        run(fleets.recorder(cidr="10.9.0.0/16"), preview=True)
