"""A service that the gateway itself asks: an issuer's keys, the counter of limits, a collector of traces."""

from typing import Any

Json = dict[str, Any]

_HTTP2 = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def service(name: str, host: str, port: int, *, connect_timeout: str, grpc: bool = False) -> Json:
    """Every address that the name `host` has."""
    address = {"socket_address": {"address": host, "port_value": port}}
    http2 = {"@type": f"type.googleapis.com/{_HTTP2}", "explicit_http_config": {"http2_protocol_options": {}}}
    return {
        "name": name,
        "type": "STRICT_DNS",
        "connect_timeout": connect_timeout,
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
        **({"typed_extension_protocol_options": {_HTTP2: http2}} if grpc else {}),
    }
