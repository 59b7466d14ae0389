"""vLLM as the engine on GPUs: which flags it gets and why, its process, what stands before its API."""
