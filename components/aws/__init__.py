"""A region on AWS: `foundation.build` puts the components of this folder together."""
