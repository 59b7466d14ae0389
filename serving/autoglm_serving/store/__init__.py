"""Where conversations are kept: records of bytes, by owner, that expire. In memory, or in Redis for several servers."""
