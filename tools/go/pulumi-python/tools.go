//go:build tools

// Package tools pins the Pulumi engine's Python language host.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
