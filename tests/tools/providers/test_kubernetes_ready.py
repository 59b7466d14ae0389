"""When an object counts as ready, from its status alone."""

import pytest

from tools.providers.kubernetes import ready_core, ready_workloads
from tools.providers.kubernetes.readiness import Hopeless, selector_text

NO_CLIENT = None  # these checks ask the object only


def obj(status, spec=None, *, generation=2, **metadata):
    return {"metadata": {"generation": generation, **metadata}, "spec": spec or {}, "status": status}


def condition(kind, status="True", **members):
    return {"conditions": [{"type": kind, "status": status, **members}]}


ROLLED_OUT = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}


@pytest.mark.parametrize(
    ("status", "missing"),
    [
        (ROLLED_OUT, None),
        ({**ROLLED_OUT, "observedGeneration": 1}, "has not seen the change"),
        ({**ROLLED_OUT, "updatedReplicas": 1}, "1 of 3 replicas are of the new version"),
        ({**ROLLED_OUT, "replicas": 4}, "1 replicas of the old version are still there"),
        ({**ROLLED_OUT, "availableReplicas": 2}, "2 of 3 replicas are available"),
        ({"observedGeneration": 2, **condition("ReplicaFailure", message="quota")}, "quota"),
    ],
)
def test_a_deployment_is_ready_when_all_replicas_are_new_and_available(status, missing):
    found = ready_workloads.deployment(NO_CLIENT, obj(status, {"replicas": 3}))
    assert (found is None) if missing is None else (missing in found)


def test_a_deployment_without_replicas_is_ready():
    assert ready_workloads.deployment(NO_CLIENT, obj({"observedGeneration": 2}, {"replicas": 0})) is None


def test_a_deployment_past_its_deadline_is_given_up():
    late = {"observedGeneration": 2, **condition("Progressing", "False", reason="ProgressDeadlineExceeded")}
    with pytest.raises(Hopeless, match="progress deadline"):
        ready_workloads.deployment(NO_CLIENT, obj(late, {"replicas": 1}))


SET = {"observedGeneration": 2, "readyReplicas": 3, "currentRevision": "a", "updateRevision": "a"}


@pytest.mark.parametrize(
    ("status", "spec", "missing"),
    [
        (SET, {}, None),
        ({**SET, "readyReplicas": 2}, {}, "2 of 3 replicas are ready"),
        ({**SET, "updateRevision": "b", "updatedReplicas": 1}, {}, "1 of 3 replicas are of the new version"),
        ({**SET, "updateRevision": "b", "updatedReplicas": 1}, {"updateStrategy": {"type": "OnDelete"}}, None),
        (
            {**SET, "updateRevision": "b", "updatedReplicas": 1},
            {"updateStrategy": {"rollingUpdate": {"partition": 2}}},
            None,
        ),
    ],
)
def test_a_stateful_set_is_ready_when_its_update_has_come_down_to_the_partition(status, spec, missing):
    found = ready_workloads.stateful_set(NO_CLIENT, obj(status, {"replicas": 3, **spec}))
    assert (found is None) if missing is None else (missing in found)


@pytest.mark.parametrize(
    ("status", "missing"),
    [
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}, None),
        ({"desiredNumberScheduled": 0}, None),
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 1}, "1 of 2 pods are of the new version"),
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1}, "1 of 2 pods are available"),
    ],
)
def test_a_daemon_set_is_ready_on_every_node(status, missing):
    found = ready_workloads.daemon_set(NO_CLIENT, obj({"observedGeneration": 2, **status}))
    assert (found is None) if missing is None else (missing in found)


def test_a_job_is_ready_when_complete_or_suspended_and_hopeless_when_failed():
    assert ready_workloads.job(NO_CLIENT, obj(condition("Complete"))) is None
    assert ready_workloads.job(NO_CLIENT, obj({}, {"suspend": True})) is None
    assert ready_workloads.job(NO_CLIENT, obj({"succeeded": 1}, {"completions": 3})) == "1 of 3 completions"
    with pytest.raises(Hopeless, match="DeadlineExceeded: too long"):
        ready_workloads.job(NO_CLIENT, obj(condition("Failed", reason="DeadlineExceeded", message="too long")))


def test_a_pod_is_ready_when_it_says_so_or_has_ended_well():
    assert ready_workloads.pod(NO_CLIENT, obj({"phase": "Running", **condition("Ready")})) is None
    assert ready_workloads.pod(NO_CLIENT, obj({"phase": "Succeeded"})) is None
    assert ready_workloads.pod(NO_CLIENT, obj({"phase": "Pending"})) == "its phase is Pending"
    with pytest.raises(Hopeless):
        ready_workloads.pod(NO_CLIENT, obj({"phase": "Failed"}))


def test_a_load_balancer_waits_for_its_address():
    waiting = obj({}, {"type": "LoadBalancer"})
    assert ready_core.service(NO_CLIENT, waiting) == "its load balancer has no address yet"
    given = obj({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}, {"type": "LoadBalancer"})
    assert ready_core.service(NO_CLIENT, given) is None


def test_a_definition_with_refused_names_says_which():
    refused = obj(condition("NamesAccepted", "False", message='"widgets" is taken'))
    assert '"widgets" is taken' in ready_core.definition(NO_CLIENT, refused)


def test_selectors_are_written_as_the_api_reads_them():
    selector = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "old", "operator": "DoesNotExist"},
        ],
    }
    assert selector_text(selector) == "app=web,tier in (a,b),!old"
