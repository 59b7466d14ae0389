"""How many model servers there are: what raises their number, what lowers it, and who counts requests at zero."""
