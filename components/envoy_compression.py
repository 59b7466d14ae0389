"""gzip for whole answers, for clients that accept it. Streams are of none of the types that it packs."""

from typing import Any

Json = dict[str, Any]

_EXTENSIONS = "type.googleapis.com/envoy.extensions"
_SMALLEST = 1024  # bytes; below a packet there is nothing to win


def filters() -> list[Json]:
    gzip = {"@type": f"{_EXTENSIONS}.compression.gzip.compressor.v3.Gzip", "compression_level": "COMPRESSION_LEVEL_3"}
    return [
        {
            "name": "envoy.filters.http.compressor",
            "typed_config": {
                "@type": f"{_EXTENSIONS}.filters.http.compressor.v3.Compressor",
                "response_direction_config": {
                    "common_config": {"min_content_length": _SMALLEST},
                    "remove_accept_encoding_header": True,
                },
                "compressor_library": {"name": "gzip", "typed_config": gzip},
            },
        }
    ]
