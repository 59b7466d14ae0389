"""Stand-in for pulumi-resource-random: values that are drawn once and kept in the state."""
