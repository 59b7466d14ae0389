"""The class of volumes that name none: EKS comes without a default one."""

import pulumi

from components import default_class


class DefaultDisks(pulumi.ComponentResource):
    """gp3, encrypted with the region's key."""

    def __init__(self, name: str, key: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:DefaultDisks", name, None, opts)
        parameters: dict[str, pulumi.Input[str]] = {"type": "gp3", "encrypted": "true", "kmsKeyId": key}
        default_class.make(name, "ebs.csi.aws.com", parameters, self)
        self.register_outputs({})
