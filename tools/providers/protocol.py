"""What every resource provider does the same way: start, handshake, configuration, cancel, clean errors."""

import argparse
import os
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeAlias

import grpc  # type: ignore[import-untyped]
from google.protobuf.any_pb2 import Any as AnyMessage  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]

from tools.providers.protos import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from tools.providers.values import Properties, UnsupportedValue, encode

Message: TypeAlias = Any  # a protocol message or call context: the generated modules carry no types at run time

# The engine runs resources side by side and an await holds its thread, so this is also the number of concurrent awaits.
_THREADS: Final = 64
_MAX_MESSAGE: Final = 400 * 1024 * 1024  # bytes; the engine's own limit


class ProviderFailure(Exception):
    """An operation failed and nothing was made; the message is for the user and complete."""


class InitFailure(Exception):
    """The object exists but did not become ready: the engine keeps it in the state, with the reasons."""

    def __init__(self, resource_id: str, properties: Properties, inputs: Properties, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.resource_id, self.properties, self.inputs, self.reasons = resource_id, properties, inputs, reasons


class Engine:
    """The engine's log service; without an address (unit tests, attach by hand) messages go nowhere."""

    def __init__(self) -> None:
        self._stub: Any = None

    def connect(self, address: str) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def warn(self, urn: str, message: str) -> None:
        self._log(engine_pb2.WARNING, urn, message, ephemeral=False)

    def progress(self, urn: str, message: str) -> None:
        """Shows a message beside the resource until the next one."""
        self._log(engine_pb2.INFO, urn, message, ephemeral=True)

    def _log(self, severity: Message, urn: str, message: str, *, ephemeral: bool) -> None:
        if self._stub is None:
            return
        request = engine_pb2.LogRequest(severity=severity, urn=urn, message=message, ephemeral=ephemeral)
        try:
            self._stub.Log(request, timeout=5)
        except grpc.RpcError:
            self._stub = None  # the engine is going away; a lost message must not fail the operation


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """The answers that do not depend on the package. A subclass adds the resources."""

    def __init__(self, package: str, version: str) -> None:
        self.package, self.version = package, version
        self.engine = Engine()
        self.cancelled = threading.Event()

    def Handshake(self, request: Message, context: Message) -> Message:
        self.engine.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    def Attach(self, request: Message, context: Message) -> Message:
        self.engine.connect(request.address)
        return Empty()

    def GetPluginInfo(self, request: Message, context: Message) -> Message:
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: Message, context: Message) -> Message:
        raise ProviderFailure(
            f"the stand-in for {self.package} has no schema (needed by YAML programs and `pulumi package`); "
            f"install the official plugin {self.package} {self.version}"
        )

    def CheckConfig(self, request: Message, context: Message) -> Message:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Message, context: Message) -> Message:
        return provider_pb2.DiffResponse()

    def Configure(self, request: Message, context: Message) -> Message:
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Cancel(self, request: Message, context: Message) -> Message:
        self.cancelled.set()
        return Empty()

    def Construct(self, request: Message, context: Message) -> Message:
        raise ProviderFailure(f"{request.type} is a component of the official {self.package} plugin; {_INSTALL}")

    def Call(self, request: Message, context: Message) -> Message:
        raise ProviderFailure(f"{request.tok} is a method of the official {self.package} plugin; {_INSTALL}")

    def Invoke(self, request: Message, context: Message) -> Message:
        raise ProviderFailure(f"{request.tok} is a function of the official {self.package} plugin; {_INSTALL}")


_INSTALL: Final = "the stand-in does not have it: install that plugin, or write the resources out"


class _CleanErrors(grpc.ServerInterceptor):  # type: ignore[misc]
    """Turns exceptions into statuses that the engine shows as one message, without a traceback for expected ones."""

    def intercept_service(self, continuation: Message, details: Message) -> Message:
        handler = continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler

        def guarded(request: Message, context: Message) -> Message:
            try:
                return handler.unary_unary(request, context)
            except InitFailure as failure:
                context.set_trailing_metadata((("grpc-status-details-bin", _details(failure)),))
                context.abort(grpc.StatusCode.UNKNOWN, str(failure))
            except (ProviderFailure, UnsupportedValue) as failure:
                context.abort(grpc.StatusCode.UNKNOWN, str(failure))
            except Exception as failure:
                traceback.print_exc()
                context.abort(grpc.StatusCode.INTERNAL, f"the stand-in failed: {type(failure).__name__}: {failure}")

        return grpc.unary_unary_rpc_method_handler(guarded, handler.request_deserializer, handler.response_serializer)


def _details(failure: InitFailure) -> bytes:
    detail = AnyMessage()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=failure.resource_id,
            properties=encode(failure.properties),
            inputs=encode(failure.inputs),
            reasons=failure.reasons,
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(failure), details=[detail])
    return bytes(status.SerializeToString())


def serve(servicer: Servicer, argv: list[str]) -> int:
    """Runs the provider until the engine ends it. The engine reads the port from the first line of standard output."""
    parser = argparse.ArgumentParser(prog=f"pulumi-resource-{servicer.package}", description="a Pulumi provider plugin")
    parser.add_argument("engine", nargs="?", default="", help="address of the engine")
    parser.add_argument("--version", action="version", version=servicer.version)
    arguments, _ = parser.parse_known_args(argv)
    if arguments.engine:
        servicer.engine.connect(arguments.engine)
    server = grpc.server(
        ThreadPoolExecutor(_THREADS),
        interceptors=[_CleanErrors()],
        options=[("grpc.max_receive_message_length", _MAX_MESSAGE), ("grpc.max_send_message_length", _MAX_MESSAGE)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    parent = os.getppid()
    try:
        while os.getppid() == parent:  # an engine that was killed cannot end its plugins: they would stay for ever
            time.sleep(1)
    except KeyboardInterrupt:
        pass  # Ctrl-C reaches the whole process group; the engine sends Cancel and then ends the plugin itself
    servicer.cancelled.set()
    server.stop(grace=None)
    return 0
