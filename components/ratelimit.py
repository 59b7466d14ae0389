"""How envoyproxy/ratelimit and its Redis are set up to count for all gateways: pure, so that a test can run both."""

import json

from components import envoy_shared_limits
from components.envoy_limits import Limits

CONFIG = "limits.yaml"
STORE_CONFIG = "redis.conf"
STORE, PASSWORD = "REDIS_URL", "REDIS_AUTH"
"""Variables of the service: Redis' host:port, and its password."""


def config(limits: Limits) -> str:
    """The file CONFIG of the service's folder; JSON is YAML."""
    return json.dumps(envoy_shared_limits.service_config(limits))


def environment(*, folder: str) -> dict[str, str]:
    """The service's variables, but for STORE and PASSWORD. `folder`: an absolute path, with CONFIG.

    Its folder is read once: another configuration is another pod. It is healthy while it reaches its store.
    """
    root, _, name = folder.rpartition("/")
    return {
        "RUNTIME_ROOT": root,
        "RUNTIME_SUBDIRECTORY": ".",
        "RUNTIME_APPDIRECTORY": name,
        "RUNTIME_WATCH_ROOT": "false",
        "RUNTIME_IGNOREDOTFILES": "true",  # a volume's own links
        "REDIS_SOCKET_TYPE": "tcp",
        "REDIS_TIMEOUT": "1s",
        "REDIS_HEALTH_CHECK_ACTIVE_CONNECTION": "true",
        "USE_STATSD": "false",
        "DISABLE_STATS": "true",
        "LOG_LEVEL": "warn",
        "LOG_FORMAT": "json",
    }


def store_config(password: str, *, address: str, port: int, memory: str) -> str:
    """Redis' file: counts of the current minute, which are worth no disk. Full, it forgets what ends first."""
    lines = {
        "bind": address,
        "port": str(port),
        "requirepass": password,
        "save": '""',
        "appendonly": "no",
        "maxmemory": memory,
        "maxmemory-policy": "volatile-ttl",
    }
    return "".join(f"{key} {value}\n" for key, value in lines.items())
