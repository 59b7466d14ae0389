"""Who is joined to whom, and how: pure."""

from hypothesis import given
from hypothesis import strategies as st

from components.fleet import ipsec, records
from components.fleet.args import Via
from components.fleet.plan import pairs, tunnels, vpn_members

CLOUDS = {"west": "aws", "east": "aws", "singapore": "alicloud", "rack": None, "lab": None}


def test_members_of_one_cloud_are_peered_others_tunnelled_and_racks_left_to_their_owner() -> None:
    found = {(pair.near, pair.far): pair.via for pair in pairs(CLOUDS)}
    assert found == {
        ("west", "east"): Via.PEERING,
        ("west", "singapore"): Via.VPN,
        ("west", "rack"): Via.VPN,
        ("west", "lab"): Via.VPN,
        ("east", "singapore"): Via.VPN,
        ("east", "rack"): Via.VPN,
        ("east", "lab"): Via.VPN,
        ("singapore", "rack"): Via.VPN,
        ("singapore", "lab"): Via.VPN,
    }


def test_only_members_with_a_vpn_get_a_gateway() -> None:
    assert vpn_members(pairs({"west": "aws", "east": "aws"})) == ()
    assert set(vpn_members(pairs(CLOUDS))) == set(CLOUDS)


@given(st.dictionaries(st.text("abc", min_size=1), st.sampled_from(["aws", "alicloud", "tencentcloud", None])))
def test_everyone_reaches_everyone_once(clouds: dict[str, str | None]) -> None:
    found = pairs(clouds)
    racks = sum(cloud is None for cloud in clouds.values())
    everyone = len(clouds) * (len(clouds) - 1) // 2
    assert len(found) == everyone - racks * (racks - 1) // 2
    assert len({frozenset((pair.near, pair.far)) for pair in found}) == len(found)
    for pair in found:
        assert (pair.via is Via.PEERING) == (clouds[pair.near] == clouds[pair.far])


def test_every_public_address_gets_a_tunnel() -> None:
    assert [tunnels(near, far) for near, far in ((2, 2), (2, 1), (1, 2), (1, 1))] == [2, 2, 2, 1]


def test_keys_and_times_are_what_aws_takes() -> None:
    """The narrowest of the three: pulumi_aws.ec2.VpnConnection."""
    assert 8 <= ipsec.KEY_LENGTH <= 64
    assert 900 <= ipsec.IKE_SECONDS <= 28_800
    assert 900 <= ipsec.IPSEC_SECONDS <= 3600
    assert ipsec.DPD_SECONDS >= 30


def test_names_of_records() -> None:
    found = records.names("phones", "example.com", ("west",))
    assert found.entry == "phones.example.com"
    assert found.active == "active.phones.example.com"
    assert found.members == {"west": "west.phones.example.com"}


def test_a_member_without_weight_is_not_active() -> None:
    assert records.active({"west": 90, "east": 0, "north": 10}) == ("west", "north")
