"""Where model files come from: folders, buckets, hubs, registries; and how they come whole to this machine."""
