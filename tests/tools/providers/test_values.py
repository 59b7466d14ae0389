"""Property values on the wire: secrets, unknowns and outputs by path."""

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from tools.marks import UNKNOWN
from tools.providers.values import Properties, UnsupportedValue, decode, encode, format_path, get, has_unknown

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_NUMBER = "3eeb2bf0-c639-47a8-9e75-3b44932eb421"


def wire(data):
    return ParseDict(data, Struct())


def test_secrets_are_kept_by_path_and_go_back_on():
    sent = wire({"spec": {"env": [{"name": "a"}, {"value": {SIGNATURE: SECRET, "value": "hunter2"}}]}})
    properties = decode(sent)
    assert properties.data == {"spec": {"env": [{"name": "a"}, {"value": "hunter2"}]}}
    assert properties.secrets == {("spec", "env", 1, "value")}
    assert encode(properties) == sent


def test_a_secret_object_with_a_secret_inside_keeps_both():
    inner = {SIGNATURE: SECRET, "value": "x"}
    sent = wire({"data": {SIGNATURE: SECRET, "value": {"key": inner}}})
    assert decode(sent).secrets == {("data",), ("data", "key")}
    assert encode(decode(sent)) == sent


@pytest.mark.parametrize("mark", [UNKNOWN, UNKNOWN_NUMBER])
def test_every_type_of_unknown_is_one_unknown(mark):
    assert decode(wire({"a": [mark]})).data == {"a": [UNKNOWN]}
    assert has_unknown(decode(wire({"a": [mark]})).data)
    assert not has_unknown({"a": ["b", {"c": 1}]})


def test_an_output_without_a_value_is_unknown_and_may_be_secret():
    properties = decode(wire({"a": {SIGNATURE: OUTPUT, "secret": True}, "b": {SIGNATURE: OUTPUT, "value": 3}}))
    assert properties.data == {"a": UNKNOWN, "b": 3}
    assert properties.secrets == {("a",)}


def test_whole_numbers_stay_whole_and_null_stays_null():
    data = decode(wire({"replicas": 3, "ratio": 0.5, "on": True, "none": None, "empty": [], "map": {}})).data
    assert data == {"replicas": 3, "ratio": 0.5, "on": True, "none": None, "empty": [], "map": {}}
    assert isinstance(data["replicas"], int)
    assert data["on"] is True
    assert decode(encode(Properties(data=data))).data == data


def test_an_asset_is_refused_with_its_path():
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    with pytest.raises(UnsupportedValue, match=r'data\["a\.txt"\]: an asset'):
        decode(wire({"data": {"a.txt": asset}}))


def test_paths_are_written_as_the_engine_reads_them():
    path = ("metadata", "labels", 'app.kubernetes.io/"x"', 0, "name")
    assert format_path(path) == 'metadata.labels["app.kubernetes.io/\\"x\\""][0].name'


def test_get_falls_back_where_the_path_leads_nowhere():
    data = {"a": [{"b": None}]}
    assert get(data, ("a", 0, "b"), 7) == 7
    assert get(data, ("a", 3, "b")) is None
    assert get(data, ("a", "b")) is None
