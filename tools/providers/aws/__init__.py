"""`python -m tools.providers.aws`: the cloud stand-in for the package `aws`."""
