"""`python -m tools.providers.alicloud`: the cloud stand-in for the package `alicloud`."""
