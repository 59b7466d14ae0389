"""Alibaba Cloud: a region's foundation from its VPC to its DNS record."""
