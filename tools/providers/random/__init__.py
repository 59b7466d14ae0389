"""Stand-in for pulumi-resource-random: values that are drawn once and kept in the state."""

VERSION = "4.21.4"
