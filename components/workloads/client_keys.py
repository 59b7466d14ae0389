"""API keys of a gateway's clients, by name: several of one client hold at once, so that one is replaced in peace."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.workloads.api_key import ApiKey


@dataclass(frozen=True, kw_only=True)
class ClientKeysArgs:
    """`clients`: client's name -> numbers of its keys. Another number is another key, made once and never changed."""

    clients: Mapping[str, tuple[int, ...]]

    def __post_init__(self) -> None:
        for client, numbers in self.clients.items():
            if not numbers or len(set(numbers)) < len(numbers):
                raise ValueError(f"ClientKeysArgs.clients[{client}]: {numbers} is not allowed: give each number once")


class ClientKeys(pulumi.ComponentResource):
    """A generated key for each client and number, kept in the state as secrets."""

    keys: Mapping[str, tuple[pulumi.Output[str], ...]]  # by client, as GatewayArgs.api_keys takes them
    told: pulumi.Output[Mapping[str, Mapping[str, str]]]  # secret: client's name -> number -> key

    def __init__(self, name: str, args: ClientKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:ClientKeys", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        made = {
            client: {str(number): ApiKey(f"{name}-{client}-{number}", child).key for number in numbers}
            for client, numbers in args.clients.items()
        }
        self.keys = {client: tuple(keys.values()) for client, keys in made.items()}
        self.told = pulumi.Output.secret(pulumi.Output.all(**made))
        self.register_outputs({"keys": self.told})
