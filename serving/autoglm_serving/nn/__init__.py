"""GLM-4 and GLM-4V in torch: weights straight from safetensors, a forward pass over a paged cache."""
