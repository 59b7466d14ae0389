"""The environment of vLLM's process: what is set and why, and what it is refused to run with. Pure."""

from collections.abc import Mapping
from pathlib import Path

from autoglm_serving.api.schema import MAX_ANSWERS
from autoglm_serving.errors import SettingsError
from autoglm_serving.settings import ServeSettings

PACKAGE_ROOT = Path(__file__).resolve().parents[2]

OFF = frozenset({"", "0", "false"})

REFUSED = {
    "VLLM_SERVER_DEV_MODE": "it lets every client reset, put to sleep and run code in the engine",
    "VLLM_ALLOW_INSECURE_SERIALIZATION": "messages between its processes become pickles, which run code when read",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "every client may load weights from any path",
    "VLLM_DEBUG_LOG_API_SERVER_RESPONSE": "answers end in the log",
    "VLLM_ALLOW_LONG_MAX_MODEL_LEN": "beyond what the model was made for it answers nonsense or fails in the kernel",
    "VLLM_USE_RUST_FRONTEND": "its other front knows no middleware, so no drains and no bounds",
}
"""vLLM's switches that no production server may have, by name. Any value but an empty one, 0 or false is refused."""


def child_environment(settings: ServeSettings, environment: Mapping[str, str], keep_alive: int) -> dict[str, str]:
    """Of vLLM, from that of this process. `keep_alive` in seconds. Raises SettingsError, all faults at once."""
    faults = [
        f"{name}: {environment[name]!r} is not allowed: {why}; unset it"
        for name, why in REFUSED.items()
        if environment.get(name, "").strip().lower() not in OFF
    ]
    if faults:
        raise SettingsError("\n".join(faults))
    return {
        **{name: value for name, value in environment.items() if not name.startswith("AUTOGLM_SERVE_")},
        # Our own libraries stay away: vLLM brings its own versions of them.
        "PYTHONPATH": str(PACKAGE_ROOT),
        # A connection that vLLM closes while the gateway sends on it is a failed request. Its default is 5 seconds.
        "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": str(keep_alive),
        "VLLM_MAX_IMAGE_PIXELS": str(settings.max_image_pixels),
        "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",
        "VLLM_MAX_N_SEQUENCES": str(MAX_ANSWERS),
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        # Compilers ask for the user's name, which a random user of a container has not.
        "USER": environment.get("USER") or "autoglm",
        "VLLM_LOGGING_COLOR": "0",
        "VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS": str(int(settings.step_timeout)),
    }
