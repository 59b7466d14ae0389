"""An OpenAI-compatible server for AutoGLM-Phone-9B and other GLM-4V models."""

__version__ = "0.1.0"
