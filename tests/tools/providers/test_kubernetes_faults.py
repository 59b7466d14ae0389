"""The stand-in under the real engine: what is killed, restarted, gone, or was never there."""

import contextlib
import time
from pathlib import Path

import pytest

from tests.harness.engine import Project, children
from tests.harness.waiting import until
from tests.tools.providers.kubernetes_programs import config, live, make_ready, slow

pytestmark = pytest.mark.integration


def test_a_killed_update_is_taken_up_again(project, client, namespace):
    fast = f'k8s.core.v1.ConfigMap("fast", metadata={{"namespace": "{namespace}", "name": "fast"}}, data={{"a": "1"}})'
    project.write(fast + slow(namespace))
    process = project.popen("up", "--yes", "--skip-preview")
    until(lambda: live(client, "Service", namespace, "slow") is not None, "the Service is there")
    project.kill(process)
    make_ready(client, namespace)
    project.run("cancel", "--yes")
    project.up().ok()
    assert set(project.state()) >= {"fast", "slow"}


def test_a_killed_engine_leaves_no_plugin_behind(project, client, namespace):
    project.write(slow(namespace))
    process = project.popen("up", "--yes", "--skip-preview")
    until(lambda: live(client, "Service", namespace, "slow") is not None, "the Service is there")
    plugins = [pid for pid, command in children(process.pid).items() if "tools.providers.kubernetes" in command]
    assert plugins
    project.kill(process)
    until(lambda: not any(_is_running(pid) for pid in plugins), "all plugins have ended")


def test_without_a_cluster_a_preview_works_and_an_update_says_why_not(tmp_path):
    project = Project(tmp_path / "project")
    project.write("""
provider = k8s.Provider("p", kubeconfig="/nowhere/kubeconfig")
opts = pulumi.ResourceOptions(provider=provider)
team = k8s.core.v1.Namespace("team", opts=opts)
svc = k8s.core.v1.Service("svc", metadata={"namespace": team.metadata.name}, spec={"ports": [{"port": 80}]}, opts=opts)
pulumi.export("ip", svc.spec.cluster_ip)
pulumi.export("name", team.metadata.name.apply(lambda name: name[:5]))
""")
    text = project.preview().ok()
    assert 'name: "team-"' in text
    assert "[unknown]" in text.split("--outputs:--")[1]
    assert "there is no kubeconfig file at /nowhere/kubeconfig" in project.up().failed()


def test_an_unknown_context_is_refused_by_name(project):
    project.write(f"""
k8s.Provider("p", kubeconfig="{project.environment["KUBECONFIG"]}", context="production")
""")
    assert "no context named 'production'; it has: test" in project.preview().failed()


def test_a_restart_of_the_api_server_does_not_end_a_wait(project, api, client, namespace):
    project.write(slow(namespace))
    process = project.popen("up", "--yes", "--skip-preview")
    until(lambda: live(client, "Service", namespace, "slow") is not None, "the Service is there")
    api.stop_api()
    time.sleep(2)
    api.start_api()
    make_ready(client, namespace)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 0, text


def test_a_cluster_that_is_gone_is_told_and_may_be_forgotten(project, api, namespace):
    project.write(config(namespace))
    project.up().ok()
    api.stop_api()
    try:
        assert "does not answer" in project.run("refresh", "--yes", "--skip-preview").failed()
        assert "does not answer" in project.run("destroy", "--yes", "--skip-preview").failed()
        assert "conf" in project.state()
        project.environment["PULUMI_K8S_DELETE_UNREACHABLE"] = "true"
        project.run("destroy", "--yes", "--skip-preview").ok()
        assert "conf" not in project.state()
    finally:
        api.start_api()


def _is_running(pid):
    status = Path(f"/proc/{pid}/status")
    with contextlib.suppress(OSError):
        return "State:\tZ" not in status.read_text()
    return False
