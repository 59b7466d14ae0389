"""Open-AutoGLM on Kubernetes, as components: import what you need into your own Pulumi program."""

from components.connections import Connection, Pods, Port
from components.envoy_affinity import Affinity
from components.envoy_balancing import Balancing
from components.envoy_denied import Denied
from components.envoy_jwt import JwtIssuer
from components.envoy_limits import Limits, RateLimit
from components.envoy_shared_limits import WhenDown
from components.envoy_tracing import Tracing
from components.platform.autoscaling import Autoscaling, AutoscalingArgs
from components.platform.connectivity import Connectivity, ConnectivityArgs
from components.platform.edges import Edges, EdgesArgs
from components.platform.isolation import Isolation, IsolationArgs, Quota
from components.platform.monitoring.operator import OperatorMonitoring, OperatorMonitoringArgs
from components.platform.monitoring.own import OwnMonitoring, OwnMonitoringArgs
from components.platform.scaling.scaled_object import Scaling, Sources
from components.platform.scaling.schedule import Floor
from components.region import Region, RegionArgs
from components.types import Exposure, ExposureType, Resources, SharedFiles, StoredModel, Upstream, Volume
from components.workloads.api_key import ApiKey
from components.workloads.client_keys import ClientKeys, ClientKeysArgs
from components.workloads.etcd import Etcd, EtcdArgs
from components.workloads.gateway import Gateway, GatewayArgs
from components.workloads.gateway_tls import EdgeTls
from components.workloads.model_source import ModelFolder, PhoneModel, SharedFolder, TinyModel
from components.workloads.model_store import ModelStore, ModelStoreArgs
from components.workloads.ratelimit import RateLimiter, RateLimiterArgs
from components.workloads.serving import Serving, ServingArgs
from components.workloads.vllm import VllmArgs
from components.workloads.waiting_room import WaitingRoom, WaitingRoomArgs
from components.workloads.warm_nodes import WarmNodes, WarmNodesArgs

__all__ = [
    "Affinity",
    "ApiKey",
    "Autoscaling",
    "AutoscalingArgs",
    "Balancing",
    "ClientKeys",
    "ClientKeysArgs",
    "Connection",
    "Connectivity",
    "ConnectivityArgs",
    "Denied",
    "EdgeTls",
    "Edges",
    "EdgesArgs",
    "Etcd",
    "EtcdArgs",
    "Exposure",
    "ExposureType",
    "Floor",
    "Gateway",
    "GatewayArgs",
    "Isolation",
    "IsolationArgs",
    "JwtIssuer",
    "Limits",
    "ModelFolder",
    "ModelStore",
    "ModelStoreArgs",
    "OperatorMonitoring",
    "OperatorMonitoringArgs",
    "OwnMonitoring",
    "OwnMonitoringArgs",
    "PhoneModel",
    "Pods",
    "Port",
    "Quota",
    "RateLimit",
    "RateLimiter",
    "RateLimiterArgs",
    "Region",
    "RegionArgs",
    "Resources",
    "Scaling",
    "Serving",
    "ServingArgs",
    "SharedFiles",
    "SharedFolder",
    "Sources",
    "StoredModel",
    "TinyModel",
    "Tracing",
    "Upstream",
    "VllmArgs",
    "Volume",
    "WaitingRoom",
    "WaitingRoomArgs",
    "WarmNodes",
    "WarmNodesArgs",
    "WhenDown",
]
