"""Versions of models: found, loaded beside each other, switched, rolled back, unloaded."""
