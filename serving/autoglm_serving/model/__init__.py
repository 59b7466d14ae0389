"""A model folder: checked (`manifest`, `folder`), loaded (`loader`), fed (`prompts`), or made (`tiny`)."""
