"""The protocol's calls, turned into operations on plain data and back."""

from collections.abc import Callable
from typing import Any, Final

from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]

from tools.marks import UNKNOWN
from tools.providers.kubernetes import VERSION, inputs, naming, settings
from tools.providers.kubernetes.cluster import Cluster
from tools.providers.kubernetes.diff import Difference
from tools.providers.kubernetes.planning import Planner
from tools.providers.kubernetes.resources import Resources
from tools.providers.kubernetes.waiting import Waiter
from tools.providers.protocol import Message, ProviderFailure, Servicer
from tools.providers.protos import provider_pb2 as pb
from tools.providers.values import Properties, decode, encode, format_path, get

_KINDS: Final = pb.PropertyDiff.Kind
_UNCONFIGURED: Final = "the engine used the provider before it configured it"
_UNSUPPORTED: Final = ("kubernetes:helm.sh/", "kubernetes:kustomize:", "kubernetes:yaml:", "kubernetes:yaml/")


class KubernetesProvider(Servicer):
    """Resources of one Kubernetes cluster."""

    def __init__(self) -> None:
        super().__init__("kubernetes", VERSION)
        self._resources: Resources | None = None
        self._planner: Planner | None = None

    @property
    def resources(self) -> Resources:
        if self._resources is None:
            raise ProviderFailure(_UNCONFIGURED)
        return self._resources

    @property
    def planner(self) -> Planner:
        if self._planner is None:
            raise ProviderFailure(_UNCONFIGURED)
        return self._planner

    def CheckConfig(self, request: Message, context: Message) -> Message:
        arguments = decode(request.news).data
        failures = [pb.CheckFailure(property=name, reason=reason) for name, reason in settings.failures(arguments)]
        return pb.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Message, context: Message) -> Message:
        old, new = decode(request.olds).data, decode(request.news).data
        changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        changes = pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE
        return pb.DiffResponse(changes=changes, diffs=changed, replaces=settings.replaced_by(old, new))

    def Configure(self, request: Message, context: Message) -> Message:
        cluster = Cluster(settings.from_arguments(decode(request.args).data), self.cancelled)
        self._planner = Planner(cluster=cluster)
        self._resources = Resources(cluster=cluster, waiter=self._waiter(cluster))
        return super().Configure(request, context)

    def _waiter(self, cluster: Cluster) -> Callable[[str], Waiter]:
        def waiter(urn: str) -> Waiter:
            return Waiter(
                client=cluster.client, cancelled=self.cancelled, progress=lambda text: self.engine.progress(urn, text)
            )

        return waiter

    def Invoke(self, request: Message, context: Message) -> Message:
        if request.tok != "kubernetes:yaml:decode":
            return super().Invoke(request, context)
        import yaml

        arguments = decode(request.args).data
        try:
            documents = [document for document in yaml.safe_load_all(arguments.get("text") or "") if document]
        except yaml.YAMLError as error:
            raise ProviderFailure(f"the manifest is not valid YAML: {error}") from None
        return pb.InvokeResponse(**{"return": encode(Properties(data={"result": documents}))})

    def Check(self, request: Message, context: Message) -> Message:
        token = request.urn.split("::")[2].rpartition("$")[2]
        if token.startswith(_UNSUPPORTED):
            raise ProviderFailure(f"{token} is not supported by the stand-in; install the official plugin")
        old, new = decode(request.olds).data, decode(request.news)
        data = {name: value for name, value in new.data.items() if value is not None}
        found = list(inputs.failures(data))
        if not found:
            found = list(self._complete(request, old, data))
        checked = inputs.normalize(data)
        secrets = inputs.secret_paths(Properties(data=checked, secrets=new.secrets))
        return pb.CheckResponse(
            inputs=encode(Properties(data=checked, secrets=secrets)),
            failures=[pb.CheckFailure(property=path, reason=reason) for path, reason in found],
        )

    def _complete(self, request: Message, old: dict[str, Any], data: dict[str, Any]) -> list[inputs.Failure]:
        """Fills in name and namespace."""
        patch = naming.is_patch(request.urn, data["kind"])
        if patch and not get(data, ("metadata", "name")):
            return [("metadata.name", "a Patch must name the object it patches")]
        options = request.autonaming if request.HasField("autonaming") else None
        try:
            naming.assign_name(
                data,
                old,
                request.urn.rpartition("::")[2],
                seed=request.randomSeed,
                proposed=options.proposed_name if options else "",
                forbidden=bool(options and options.mode == pb.CheckRequest.AutonamingOptions.DISABLE),
            )
        except naming.NameRequired as error:
            return [("metadata.name", str(error))]
        metadata = data["metadata"]
        cluster = self.resources.cluster
        wants = metadata != UNKNOWN and not metadata.get("namespace")
        if wants and cluster.is_namespaced(data["apiVersion"], data["kind"]):
            metadata["namespace"] = cluster.namespace
        return list(inputs.name_failures(data))

    def Diff(self, request: Message, context: Message) -> Message:
        state, new = decode(request.olds).data, decode(request.news).data
        old = decode(request.old_inputs).data or state.get("__inputs") or {}
        return _diff_response(self.planner.diff(request.urn, old, state, new, request.ignoreChanges))

    def Create(self, request: Message, context: Message) -> Message:
        new = decode(request.properties)
        if request.preview:
            return pb.CreateResponse(properties=encode(self.planner.create(request.urn, new)))
        identifier, made = self.resources.create(request.urn, new, request.timeout)
        return pb.CreateResponse(id=identifier, properties=encode(made))

    def Update(self, request: Message, context: Message) -> Message:
        state, new = decode(request.olds), decode(request.news)
        if request.preview:
            planned = self.planner.update(request.urn, state, new, request.ignoreChanges)
            return pb.UpdateResponse(properties=encode(planned))
        made = self.resources.update(request.urn, state, new, request.timeout, request.ignoreChanges)
        return pb.UpdateResponse(properties=encode(made))

    def Read(self, request: Message, context: Message) -> Message:
        found = self.resources.read(request.urn, request.id, decode(request.properties), decode(request.inputs))
        if found is None:
            return pb.ReadResponse()
        identifier, outputs, live_inputs = found
        return pb.ReadResponse(id=identifier, properties=encode(outputs), inputs=encode(live_inputs))

    def Delete(self, request: Message, context: Message) -> Message:
        self.resources.delete(request.urn, decode(request.properties), request.timeout)
        return Empty()


def _diff_response(found: Difference) -> Message:
    detailed = {}
    for path, change in found.changes.items():
        name = f"{change}_REPLACE" if path in found.replaces else change
        detailed[format_path(path)] = pb.PropertyDiff(kind=_KINDS.Value(name), inputDiff=True)
    return pb.DiffResponse(
        changes=pb.DiffResponse.DIFF_SOME if found.changes else pb.DiffResponse.DIFF_NONE,
        diffs=sorted({str(path[0]) for path in found.changes}),
        replaces=sorted(format_path(path) for path in found.replaces),
        deleteBeforeReplace=found.delete_first,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )
