//go:build tools

// Package tools pins the rate limit service, which has no tagged releases: its images are named by commits.
package tools

import _ "github.com/envoyproxy/ratelimit/src/service_cmd"
