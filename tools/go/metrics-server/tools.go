//go:build tools

// Package tools pins metrics-server, apart from the cluster's module because it is made from a later Kubernetes.
package tools

import _ "sigs.k8s.io/metrics-server/cmd/metrics-server"
