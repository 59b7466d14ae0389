"""The gRPC server: on the event loop that HTTP is on, so both share the models and the drain."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from autoglm_serving import logs, tracing
from autoglm_serving.errors import SettingsError
from autoglm_serving.predict import faults
from autoglm_serving.predict.door import Door
from autoglm_serving.predict.rpc import messages
from autoglm_serving.predict.rpc import open_inference_pb2 as pb
from autoglm_serving.predict.service import EXTENSIONS, SERVER_NAME, SERVER_VERSION, PredictService
from autoglm_serving.predict.timeline import traced
from autoglm_serving.tracing import Trace, Tracer

SERVICE = "inference.GRPCInferenceService"

SERVER_FAULTS = frozenset({"INTERNAL", "UNAVAILABLE"})
"""Codes that mark a span as failed, as OpenTelemetry's conventions have it; others are the client's."""

Method = Callable[[Any, Trace], Awaitable[Any]]


class GrpcServer:
    """For the event loop's thread."""

    def __init__(self, service: PredictService, door: Door, tracer: Tracer, *, max_message_bytes: int) -> None:
        self._service = service
        self._door = door
        self._tracer = tracer
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", max_message_bytes),
                ("grpc.max_send_message_length", -1),
                # Two servers on one port would share its requests at random; the second must fail instead.
                ("grpc.so_reuseport", 0),
            ]
        )
        table: dict[str, tuple[Method, Any]] = {
            "ServerLive": (self._live, pb.ServerLiveRequest),
            "ServerReady": (self._ready, pb.ServerReadyRequest),
            "ModelReady": (self._model_ready, pb.ModelReadyRequest),
            "ServerMetadata": (self._metadata, pb.ServerMetadataRequest),
            "ModelMetadata": (self._model_metadata, pb.ModelMetadataRequest),
            "ModelInfer": (self._infer, pb.ModelInferRequest),
        }
        handlers = {name: self._handler(name, method, request) for name, (method, request) in table.items()}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))

    async def start(self, host: str, port: int) -> int:
        """The port it listens on. Raises SettingsError."""
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            bound = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise SettingsError(f"--grpc-port {port}: can't listen on {address}: {error}") from None
        await self._server.start()
        return bound

    async def stop(self, grace: float) -> None:
        """Open requests get `grace` seconds."""
        await self._server.stop(grace)

    def _handler(self, name: str, method: Method, request: Any) -> Any:
        probe = name in ("ServerLive", "ServerReady")

        async def handle(message: Any, context: Any) -> Any:
            if probe:
                return await method(message, tracing.OFF)
            return await self._answer(name, method, message, context)

        return grpc.unary_unary_rpc_method_handler(
            handle,
            request_deserializer=request.FromString,
            response_serializer=lambda answer: answer.SerializeToString(),
        )

    async def _answer(self, name: str, method: Method, message: Any, context: Any) -> Any:
        began = time.monotonic()
        code = "CANCELLED"
        attributes = {"rpc.system": "grpc", "rpc.service": SERVICE, "rpc.method": name}
        trace = self._tracer.begin(f"{SERVICE}/{name}", attributes, _headers(context))
        self._door.enter()
        try:
            if self._door.draining:
                raise faults.Draining
            answer = await method(message, trace)
            code = "OK"
            return answer
        except faults.EXPECTED as error:
            fault = faults.fault_of(error)
            code = fault.code
            await context.abort(grpc.StatusCode[fault.code], fault.message)
        except Exception as error:
            code = "INTERNAL"
            logs.error("unexpected error", exc_info=error, method=name)
            await context.abort(grpc.StatusCode.INTERNAL, "the server made an error; its log has the details")
        finally:
            self._door.leave()
            status = {"rpc.grpc.status_code": grpc.StatusCode[code].value[0]}
            trace.end(f"{SERVICE}/{name}", status, failed=code in SERVER_FAULTS)
            known = {} if trace.trace_id is None else {"trace_id": trace.trace_id}
            logs.info("rpc", method=name, code=code, seconds=round(time.monotonic() - began, 4), **known)

    async def _live(self, message: pb.ServerLiveRequest, trace: Trace) -> pb.ServerLiveResponse:
        return pb.ServerLiveResponse(live=self._service.models.alive())

    async def _ready(self, message: pb.ServerReadyRequest, trace: Trace) -> pb.ServerReadyResponse:
        return pb.ServerReadyResponse(ready=self._service.ready())

    async def _metadata(self, message: pb.ServerMetadataRequest, trace: Trace) -> pb.ServerMetadataResponse:
        return pb.ServerMetadataResponse(name=SERVER_NAME, version=SERVER_VERSION, extensions=EXTENSIONS)

    async def _model_ready(self, message: pb.ModelReadyRequest, trace: Trace) -> pb.ModelReadyResponse:
        return pb.ModelReadyResponse(ready=self._service.is_ready(message.name, message.version or None))

    async def _model_metadata(self, message: pb.ModelMetadataRequest, trace: Trace) -> pb.ModelMetadataResponse:
        return messages.metadata(*self._service.metadata(message.name, message.version or None))

    async def _infer(self, message: pb.ModelInferRequest, trace: Trace) -> pb.ModelInferResponse:
        with traced(trace, message.model_name) as timeline:
            answer = await self._service.infer(messages.parse(message), timeline)
        return messages.render(answer, message)


def _headers(context: Any) -> dict[str, str]:
    """Metadata of the call that is text; keys that end in `-bin` hold bytes."""
    return {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
