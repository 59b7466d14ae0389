"""Cards are cut when a node starts, by a stand-in for nvidia-smi that keeps their state (G1)."""

import os
import subprocess
from pathlib import Path

from components.platform import tuning
from components.platform.tuning import Slices
from tools.paths import ROOT

THREE = Slices(profile="2g.20gb", count=3)
SMI = ROOT / "tests" / "fixtures" / "nvidia-smi"


class Node:
    """Two cards. `kind`: how their MIG mode comes into force (see the stand-in)."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder, self.cards = folder, folder / "cards"
        for made in (self.cards, folder / "bin"):
            made.mkdir()
        (self.cards / "kind").write_text(kind)
        (folder / "bin" / "nvidia-smi").symlink_to(SMI)
        (folder / "bin" / "systemctl").write_text('#!/bin/sh\necho "$*"\n')
        (folder / "bin" / "systemctl").chmod(0o755)
        (folder / "node_setup.sh").write_text(tuning.script(tuning.cutting(THREE)))

    def boot(self) -> str:
        """What the script says when the node starts: slices are gone by then, a mode that was asked for is there."""
        (self.cards / "slices").unlink(missing_ok=True)
        if (pending := self.cards / "pending").exists():
            pending.rename(self.cards / "mode")
        return self.apply()

    def apply(self) -> str:
        environment = {"PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}", "CARDS": str(self.cards)}
        argv = ["sh", str(self._folder / "node_setup.sh"), "apply"]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.stderr == ""
        return done.stdout

    def slices(self) -> str:
        path = self.cards / "slices"
        return path.read_text().strip() if path.exists() else ""


def test_each_card_is_cut_at_each_boot_and_left_alone_between(tmp_path: Path) -> None:
    node = Node(tmp_path, "hopper")
    assert node.boot() == ""
    assert node.slices() == "2g.20gb,2g.20gb,2g.20gb"
    asked = (node.cards / "asked").read_text()
    assert node.apply() == ""
    looks = "--query-gpu=mig.mode.current --format=csv,noheader\n-L\n-L\n"
    assert (node.cards / "asked").read_text().removeprefix(asked) == looks, "it looked, and no more"
    assert node.boot() == ""
    assert node.slices() == "2g.20gb,2g.20gb,2g.20gb"


def test_a_card_s_mode_comes_by_a_reset_or_where_none_is_allowed_by_a_reboot(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    own = Node(tmp_path / "own", "ampere")
    assert (own.boot(), own.slices()) == ("", "2g.20gb,2g.20gb,2g.20gb")

    (tmp_path / "rented").mkdir()
    rented = Node(tmp_path / "rented", "guest")
    assert (rented.boot(), rented.slices()) == ("reboot\n", "")
    assert (rented.boot(), rented.slices()) == ("", "2g.20gb,2g.20gb,2g.20gb")


def test_a_node_whose_mode_never_comes_is_told_of_and_reboots_once(tmp_path: Path) -> None:
    node = Node(tmp_path, "guest")
    assert node.boot() == "reboot\n"
    for _ in range(2):
        (node.cards / "pending").unlink()
        assert node.boot() == "not in force: MIG slices of 2g.20gb is otherwise, not 3 a card\n"
