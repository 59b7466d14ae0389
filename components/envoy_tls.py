"""TLS at the gateway: a certificate in a folder, read anew when it is renewed, while connections go on."""

from typing import Any

Json = dict[str, Any]

_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3"
_NAME = "edge"
CERTIFICATE, KEY = "tls.crt", "tls.key"
"""Files of the folder, by the names that a Secret of type kubernetes.io/tls has."""


def secret_file(folder: str) -> Json:
    """What Envoy reads at the path that `listener` is given: where the files are, and that they change together."""
    certificate = {
        "certificate_chain": {"filename": f"{folder}/{CERTIFICATE}"},
        "private_key": {"filename": f"{folder}/{KEY}"},
        "watched_directory": {"path": folder},
    }
    return {"resources": [{"@type": f"{_TLS}.Secret", "name": _NAME, "tls_certificate": certificate}]}


def listener(secret_path: str) -> Json:
    """Fields of a filter chain; none without a path. HTTP/2 is offered; TLS 1.2 is the oldest."""
    if not secret_path:
        return {}
    source = {"path_config_source": {"path": secret_path}, "resource_api_version": "V3"}
    return {
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": f"{_TLS}.DownstreamTlsContext",
                "common_tls_context": {
                    "alpn_protocols": ["h2", "http/1.1"],
                    "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                    "tls_certificate_sds_secret_configs": [{"name": _NAME, "sds_config": source}],
                },
            },
        },
        "transport_socket_connect_timeout": "10s",
    }
