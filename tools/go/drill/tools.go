//go:build tools

// Package tools pins the upstream programs that drills and benches run.
package tools

import (
	_ "go.etcd.io/etcd/v3/tools/benchmark"
)
