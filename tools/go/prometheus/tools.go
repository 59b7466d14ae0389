//go:build tools

// Package tools pins Prometheus, and promtool, which runs the tests of its rules.
package tools

import (
	_ "github.com/prometheus/prometheus/cmd/prometheus"
	_ "github.com/prometheus/prometheus/cmd/promtool"
)
