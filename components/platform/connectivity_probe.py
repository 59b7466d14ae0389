"""What runs in a connectivity check's pod, handed to `python3 -c`: the standard library only, nothing of ours.

Its argument is a JSON list of {"target", "host", "port", "allowed"}. Each is tried until it is as it should be, or too
long: rules reach a new pod some seconds after it. Then what is not is said, and the exit code is 1.
"""

import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PATIENCE = 60.0  # seconds for all checks together
_ATTEMPT = 3.0  # seconds until a connection that is dropped counts as refused
_PAUSE = 1.0


def reached(host: str, port: int) -> tuple[int, int]:
    """How many of the host's addresses take a connection, and how many there are."""
    try:
        found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
    except socket.gaierror:
        return 0, 0
    addresses = {one[4][0] for one in found}
    return sum(_answers(str(address), port) for address in addresses), len(addresses)


def _answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), _ATTEMPT).close()
    except OSError:
        return False
    return True


def wrong(check: dict[str, Any]) -> str:
    """What is not as it should be; nothing where all is."""
    answering, every = reached(check["host"], check["port"])
    name = f"{check['target']}:{check['port']}"
    if not every:
        return f"{name}: no pod is ready there"
    if check["allowed"] and answering < every:
        return f"{name}: allowed, but {every - answering} of {every} do not answer"
    if not check["allowed"] and answering:
        return f"{name}: not allowed, but {answering} of {every} answer: does the cluster enforce NetworkPolicies?"
    return ""


def main(checks: list[dict[str, Any]], patience: float = PATIENCE) -> list[str]:
    """What is not as it should be, after as long as it may take."""
    end = time.monotonic() + patience
    while True:
        with ThreadPoolExecutor(len(checks) or 1) as threads:  # each refused one takes its seconds
            failures = list(filter(None, threads.map(wrong, checks)))
        if not failures or time.monotonic() > end:
            return failures
        time.sleep(_PAUSE)


if __name__ == "__main__":
    failed = main(json.loads(sys.argv[1]))
    print("\n".join(failed) or "all as declared", flush=True)
    sys.exit(bool(failed))
