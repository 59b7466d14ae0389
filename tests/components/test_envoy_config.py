"""Envoy's own word on the configuration, for every setting's ends; and that it would refuse a wrong one."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from components import envoy
from tests.harness.envoy import validate

SETTINGS = envoy.EnvoySettings(upstream_host="dev-serving.autoglm.svc", api_keys=(("a", "k1"), ("b", 'k"2')))


@pytest.mark.integration
@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        replace(SETTINGS, max_body_bytes=256 * 1024 * 1024, max_stream_seconds=3600, idle_seconds=3600),
        replace(
            SETTINGS, max_body_bytes=1024, max_stream_seconds=1, header_seconds=1, body_seconds=1, settle_seconds=1
        ),
    ],
)
def test_envoy_accepts_it(tmp_path: Path, settings: envoy.EnvoySettings) -> None:
    done = validate(tmp_path, settings)
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr.lower()


@pytest.mark.integration
def test_envoy_would_refuse_a_misspelt_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = envoy.config(SETTINGS)
    config["static_resources"]["listeners"][0]["adress"] = {}
    monkeypatch.setattr(envoy, "config", lambda _: config)
    done: subprocess.CompletedProcess[str] = validate(tmp_path, SETTINGS)
    assert done.returncode != 0
    assert "adress" in done.stderr


def test_it_depends_on_nothing_but_its_settings() -> None:
    """Another order of keys, or a time, would roll the gateway for nothing."""
    assert json.dumps(envoy.config(SETTINGS)) == json.dumps(envoy.config(replace(SETTINGS)))


def test_admin_listens_on_loopback_only() -> None:
    admin = envoy.config(SETTINGS)["admin"]["address"]["socket_address"]
    assert admin["address"] == "127.0.0.1"
