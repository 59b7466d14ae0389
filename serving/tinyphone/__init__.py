"""A tiny GLM-4V that really operates a phone: made-up screens, its training, its weights, and a simulated phone."""
