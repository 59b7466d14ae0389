"""Node images of EKS: which one an instance type runs. Pure, over one table.

https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html#AmazonEKS-Type-Nodegroup-amiType
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Image:
    """`type`: EKS's name of it. `disk`: the device that holds images and logs; `system`: a small one beside it.
    `shell`: whether user data is a script; Bottlerocket's are settings, and it brings its device plugin along."""

    type: str
    disk: str = "/dev/xvda"
    system: str | None = None
    shell: bool = True


def _bottlerocket(type_: str) -> Image:
    return Image(type=type_, disk="/dev/xvdb", system="/dev/xvda", shell=False)


GPU_IMAGES = {
    image.type: image
    for image in (
        Image(type="AL2023_x86_64_NVIDIA"),
        Image(type="AL2023_ARM_64_NVIDIA"),
        Image(type="AL2023_x86_64_NEURON"),
        _bottlerocket("BOTTLEROCKET_x86_64_NVIDIA"),
        _bottlerocket("BOTTLEROCKET_ARM_64_NVIDIA"),
    )
}
# Graviton has a `g` after the generation (m7g, c7gn, g5g); Grace comes with the GPU (p6e-gb200).
_ARM = re.compile(r"^(a1|[a-z]+\d+[a-z]*g[a-z]*|[a-z]+\d+[a-z]*-gb\d+)\.")
_NEURON = re.compile(r"^(inf|trn)\d")


def for_cpu(instance_type: str) -> Image:
    return Image(type=f"AL2023_{_architecture(instance_type)}_STANDARD")


def for_gpu(instance_type: str, asked: str | None = None) -> Image:
    """The image with the accelerator's driver. Raises ValueError for an image that EKS could not join to a cluster."""
    if asked is None:
        if _NEURON.match(instance_type):
            return GPU_IMAGES["AL2023_x86_64_NEURON"]
        return GPU_IMAGES[f"AL2023_{_architecture(instance_type)}_NVIDIA"]
    if asked not in GPU_IMAGES:
        known = ", ".join(GPU_IMAGES)
        raise ValueError(f"image: {asked} is no GPU image that EKS joins to a cluster by itself: use one of {known}")
    return GPU_IMAGES[asked]


def _architecture(instance_type: str) -> str:
    return "ARM_64" if _ARM.match(instance_type) else "x86_64"
