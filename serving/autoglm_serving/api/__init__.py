"""OpenAI's HTTP API over an Engine."""
