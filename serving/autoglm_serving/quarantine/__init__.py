"""A request that crashed the engine several times is refused, by its digest, also by the process that comes after."""
