"""The engine turns prompts into tokens. `base` is the seam; the API imports nothing else from here."""
