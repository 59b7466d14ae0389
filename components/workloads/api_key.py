"""A client's API key."""

import pulumi
import pulumi_random as random

_LENGTH = 48  # letters and digits: 285 bits, beyond guessing


class ApiKey(pulumi.ComponentResource):
    """A generated key, kept in the state as a secret. Replaced by `pulumi up --replace`, which rolls the gateway."""

    key: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:workloads:ApiKey", name, None, opts)
        password = random.RandomPassword(
            f"{name}-password", length=_LENGTH, special=False, opts=pulumi.ResourceOptions(parent=self)
        )
        self.key = pulumi.Output.secret(password.result)
        self.register_outputs({"key": self.key})
