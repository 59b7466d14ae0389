"""Which version of a model a fleet serves: keys in etcd, and the program that brings a new version to `active`.

Imports no torch and no server: the same package is in the servers, in the rollout's Job and beside the gateway.
"""
