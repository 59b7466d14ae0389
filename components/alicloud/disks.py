"""The class of volumes that name none: ACK's own classes have no default among them, and do not encrypt."""

import pulumi

from components import default_class


class DefaultDisks(pulumi.ComponentResource):
    """Encrypted with the region's key.

    The driver takes the first of `type` that the zone and the node have; an AutoPL disk (`cloud_auto`) may be as small
    as etcd's volumes, an ESSD of the usual level not below 20 GiB.
    """

    def __init__(self, name: str, key: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:DefaultDisks", name, None, opts)
        parameters: dict[str, pulumi.Input[str]] = {
            "type": "cloud_auto,cloud_essd",
            "encrypted": "true",
            "kmsKeyId": key,
        }
        default_class.make(name, "diskplugin.csi.alibabacloud.com", parameters, self)
        self.register_outputs({})
