"""The rules, one file an idea; pure functions over plain data that import no SDK."""
