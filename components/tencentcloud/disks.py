"""The class of volumes that name none: TKE's own default one does not encrypt."""

import pulumi

from components import default_class
from components.tencentcloud.node_pool import DISK


class DefaultDisks(pulumi.ComponentResource):
    """Encrypted. Of two default classes Kubernetes takes the newer, this one.

    The driver's `encrypt` has one value, and uses the cloud's own key of the account
    (TencentCloud/kubernetes-csi-tencentcloud, docs/README_CBS.md).
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:DefaultDisks", name, None, opts)
        parameters = {"diskType": DISK, "diskChargeType": "POSTPAID_BY_HOUR", "encrypt": "ENCRYPT"}
        default_class.make(name, "com.tencent.cloud.csi.cbs", parameters, self)
        self.register_outputs({})
