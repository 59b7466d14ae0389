//go:build tools

// Package tools pins Alertmanager, apart from Prometheus, which would raise it: 0.31 is the last whose module holds its web interface.
package tools

import (
	_ "github.com/prometheus/alertmanager/cmd/alertmanager"
	_ "github.com/prometheus/alertmanager/cmd/amtool"
)
