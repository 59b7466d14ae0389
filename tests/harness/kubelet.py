"""What kubelets and a cloud's load balancer would write: the status of pods and Services, where there are no nodes."""

import datetime
import itertools
import threading
from typing import Any

from tools.providers.kubernetes.client import Client
from tools.providers.kubernetes.errors import ApiError

Object = dict[str, Any]
_addresses = itertools.count(2)


def set_status(client: Client, obj: Object, status: Object) -> None:
    """Writes a status as its controller would."""
    body = {part: obj[part] for part in ("apiVersion", "kind")} | {"status": status}
    body["metadata"] = {part: obj["metadata"][part] for part in ("name", "namespace")}
    path = client.path(obj) + "/status"
    query = {"fieldManager": "kubelet", "force": "true"}
    client.request("PATCH", path, body, "application/apply-patch+yaml", **query)


def container(state: Object, *, ready: bool = False, last: Object | None = None, name: str = "c") -> Object:
    entry = {"name": name, "image": "none:1", "imageID": "", "ready": ready, "restartCount": 0, "state": state}
    return entry | ({"lastState": last} if last else {})


def conditions(**values: str) -> list[Object]:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [{"type": kind, "status": value, "lastTransitionTime": now} for kind, value in values.items()]


def make_ready(client: Client, pod: Object) -> None:
    running = [container({"running": {}}, ready=True, name=entry["name"]) for entry in pod["spec"]["containers"]]
    ready = conditions(Ready="True", ContainersReady="True", PodScheduled="True", Initialized="True")
    status = {"phase": "Running", "conditions": ready, "containerStatuses": running}
    number = next(_addresses)
    set_status(client, pod, status | {"podIPs": [{"ip": f"10.9.{number // 250}.{number % 250 + 1}"}]})


def make_done(client: Client, pod: Object) -> None:
    """The pod of a Job, ended well."""
    ended = [container({"terminated": {"exitCode": 0}}, name=entry["name"]) for entry in pod["spec"]["containers"]]
    set_status(client, pod, {"phase": "Succeeded", "containerStatuses": ended})


def _meant_for(pod: Object) -> str | None:
    """The node that a DaemonSet made it for, which would end it elsewhere."""
    wanted = pod["spec"].get("affinity", {}).get("nodeAffinity", {})
    terms = wanted.get("requiredDuringSchedulingIgnoredDuringExecution", {}).get("nodeSelectorTerms", [])
    fields = (field for term in terms for field in term.get("matchFields", []))
    return next((field["values"][0] for field in fields if field["key"] == "metadata.name"), None)


class Kubelet(threading.Thread):
    """One node: makes every pod ready, or done if it is a Job's, lets pods go that are told to, and gives every load
    balancer a name; until `stop`."""

    NODE = "node-of-the-test"

    def __init__(self, client: Client) -> None:
        super().__init__(daemon=True)
        self._client, self._stopped = client, threading.Event()
        client.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.NODE}}, "test", force=True)

    def run(self) -> None:
        while not self._stopped.wait(0.2):
            try:
                self._pods()
                self._balancers()
            except (ApiError, OSError):
                continue  # an object went away between list and write, or the server is being stopped

    def stop(self) -> None:
        self._stopped.set()
        self.join(10)

    def _all(self, plural: str) -> list[Object]:
        found: list[Object] = self._client.get_json(f"/api/v1/{plural}").get("items") or []
        return found

    def _pods(self) -> None:
        for pod in self._all("pods"):
            obj = {"apiVersion": "v1", "kind": "Pod", **pod}
            if pod["metadata"].get("deletionTimestamp"):
                self._client.request("DELETE", self._client.path(obj), {"gracePeriodSeconds": 0})
                continue
            if pod.get("status", {}).get("phase") != "Pending":
                continue
            if not pod["spec"].get("nodeName"):  # a Service's endpoints have pods of known nodes only
                target = {"kind": "Node", "name": _meant_for(pod) or self.NODE}
                binding = {"metadata": {"name": pod["metadata"]["name"]}, "target": target}
                self._client.request("POST", self._client.path(obj) + "/binding", binding)
            of_job = pod["metadata"].get("ownerReferences", [{}])[0].get("kind") == "Job"
            (make_done if of_job else make_ready)(self._client, obj)

    def _balancers(self) -> None:
        for service in self._all("services"):
            if service["spec"].get("type") != "LoadBalancer" or service["status"].get("loadBalancer"):
                continue
            host = f"{service['metadata']['name']}.elb.example.com"
            obj = {"apiVersion": "v1", "kind": "Service", **service}
            set_status(self._client, obj, {"loadBalancer": {"ingress": [{"hostname": host}]}})
