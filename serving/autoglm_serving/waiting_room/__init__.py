"""Where requests wait while no model server is there, as after a scale to zero.

The gateway sends them here as long as it knows no healthy server. Once one is, each is answered with the header that
makes the gateway try again, from the copy it has kept: no body and no answer passes through here.
"""
