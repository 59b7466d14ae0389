import os
from pathlib import Path

import pytest

from tools.images.nodes import file, folder, link, ordered, program, text, tree


def test_parents_come_first_and_are_made_where_nobody_named_them():
    nodes = ordered([text("etc/ssl/certs/a.crt", "A"), folder("etc", 0o700), program("b", Path("/b"))])
    assert [(node.path, node.mode) for node in nodes] == [
        ("b", 0o755),
        ("etc", 0o700),
        ("etc/ssl", 0o755),
        ("etc/ssl/certs", 0o755),
        ("etc/ssl/certs/a.crt", 0o644),
    ]


def test_a_path_named_twice_is_refused_by_its_name():
    with pytest.raises(ValueError, match=r"etc/passwd: named twice"):
        ordered([text("etc/passwd", "a"), text("etc/passwd", "b")])


def test_a_tree_keeps_links_and_modes_but_no_special_bits(tmp_path):
    (tmp_path / "bin").mkdir(mode=0o755)
    (tmp_path / "bin/su").write_text("su")
    (tmp_path / "bin/su").chmod(0o6755)
    (tmp_path / "bin/sh").symlink_to("/nowhere")
    found = ordered(tree(tmp_path, "usr"))
    assert found == [
        folder("usr"),
        folder("usr/bin"),
        link("usr/bin/sh", "/nowhere"),
        file("usr/bin/su", tmp_path / "bin/su", 0o755),
    ]


def test_what_keep_refuses_goes_with_all_below_it(tmp_path):
    (tmp_path / "doc/deep").mkdir(parents=True)
    (tmp_path / "doc/deep/file").touch()
    (tmp_path / "kept").touch()
    assert [node.path for node in tree(tmp_path, keep=lambda path: path.name != "doc")] == ["kept"]


def test_a_pipe_has_no_place_in_an_image(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=r"pipe: neither file, folder nor symbolic link"):
        list(tree(tmp_path))
