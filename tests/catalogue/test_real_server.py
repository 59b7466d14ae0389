"""The server as it is, with weights: two versions of a tiny model side by side, and one with a flipped bit."""

import shutil
import subprocess

import pytest

from tests.catalogue.fleet import PYTHON, environment

pytestmark = pytest.mark.integration


def made(fleet, version):
    command = [PYTHON, "-m", "autoglm_serving", "tiny-model", fleet.folder / version, f"--seed={version}"]
    subprocess.run(command, env=environment(), check=True, capture_output=True)
    return fleet.folder / version


def test_weights_are_loaded_beside_each_other_and_a_flipped_bit_stays_out(fleet):
    fleet.program = ("-m", "autoglm_serving", "serve", "--threads=1", "--max-model-len=2048")
    made(fleet, "1")
    fleet.serve(1)
    (server,) = fleet.servers
    assert server.ask() == 503, "no version is active"
    assert fleet.rolled_out("1")[0] == 0
    fleet.wait(v1="active")
    made(fleet, "2")
    code, said = fleet.rolled_out("2", "--sha256=" + "0" * 64)
    assert code == 1 and "copy it again" in said
    code, said = fleet.rolled_out("2")
    assert code == 0, said
    fleet.wait(v2="active")
    assert server.ask() == 200
    weights = shutil.copytree(fleet.folder / "2", fleet.folder / "3") / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    code, said = fleet.rolled_out("3")
    assert code == 1 and "model.safetensors is damaged" in said, said
    assert server.ask() == 200 and fleet.active() == "2"
    assert fleet.end(server) == 0
    fleet.wait_for_replicas(0)
