"""What lets pods of a namespace pull from the region's private registry: TKE's add-on for TCR."""

from dataclasses import dataclass

import pulumi
from tencentcloud_iac_pulumi import kubernetes

from components.tencentcloud.registry import Puller


@dataclass(frozen=True, kw_only=True)
class PullAddonArgs:
    cluster: pulumi.Input[str]
    namespace: str
    puller: Puller


class PullAddon(pulumi.ComponentResource):
    """It keeps a pull secret in the namespace, for each of its service accounts. Its values are as the docstring of
    kubernetes.Addon has them."""

    addon: kubernetes.Addon

    def __init__(self, name: str, args: PullAddonArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:PullAddon", name, None, opts)
        secret = {
            "name": name,
            "namespaces": args.namespace,
            "serviceAccounts": "*",
            "type": "docker",
            "dockerServer": args.puller.server,
            "dockerUsername": args.puller.user,
            "dockerPassword": args.puller.password,
        }
        self.addon = kubernetes.Addon(
            f"{name}-addon",
            cluster_id=args.cluster,
            addon_name="tcr",
            raw_values=pulumi.Output.json_dumps({"global": {"imagePullSecretsCrs": [secret]}}),
            # The cloud answers with the values, password and all.
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["rawValues"]),
        )
        self.register_outputs({})
