"""Alibaba Cloud: the machine types that our regions use."""

from components.instance_type import InstanceType

TYPES: tuple[InstanceType, ...] = ()
