"""A region on Tencent Cloud: `foundation.build` puts the components of this folder together."""
