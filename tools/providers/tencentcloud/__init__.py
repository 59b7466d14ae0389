"""`python -m tools.providers.tencentcloud`: the cloud stand-in for the package `tencentcloud`."""
