package main

import (
	"fmt"
	"math"

	"github.com/anishathalye/porcupine"
)

// operation is one call of one client, in nanoseconds of one clock. Without a return its outcome is unknown: it may have
// happened at any time since, or never. No value is empty: that stands for a key that is not there.
type operation struct {
	Client    int    `json:"client"`
	Key       string `json:"key"`
	Kind      string `json:"kind"`                // put, get, swap or delete
	Value     string `json:"value,omitempty"`     // written
	Expected  string `json:"expected,omitempty"`  // of a swap, which writes only over this
	Found     string `json:"found,omitempty"`     // by a get
	Succeeded bool   `json:"succeeded,omitempty"` // of a swap that returned
	Call      int64  `json:"call"`
	Return    *int64 `json:"return"`
}

func (o operation) valid() error {
	switch {
	case o.Kind != "put" && o.Kind != "get" && o.Kind != "swap" && o.Kind != "delete":
		return fmt.Errorf("kind %q: there are put, get, swap and delete", o.Kind)
	case (o.Kind == "put" || o.Kind == "swap") && o.Value == "":
		return fmt.Errorf("value: a %s writes one that is not empty", o.Kind)
	case o.Return != nil && *o.Return < o.Call:
		return fmt.Errorf("return: %d is before the call %d", *o.Return, o.Call)
	}
	return nil
}

// measured gives an unknown operation a client of its own: its client went on to others, which it may outlive.
func (o operation) measured(number int) porcupine.Operation {
	client, returned := o.Client, int64(math.MaxInt64)
	if o.Return != nil {
		returned = *o.Return
	} else {
		client = -number
	}
	return porcupine.Operation{ClientId: client, Input: o, Call: o.Call, Output: o.Return != nil, Return: returned}
}

var register = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		return step(state.(string), input.(operation), output.(bool))
	},
	DescribeOperation: func(input, output any) string {
		return describe(input.(operation), output.(bool))
	},
}

// step says whether an operation may follow on a state, and the state after it.
func step(value string, o operation, known bool) (bool, string) {
	switch o.Kind {
	case "get":
		return !known || o.Found == value, value
	case "delete":
		return true, ""
	case "put":
		return true, o.Value
	}
	matches := value == o.Expected
	if known && matches != o.Succeeded {
		return false, value
	}
	if matches {
		return true, o.Value
	}
	return true, value
}

func describe(o operation, known bool) string {
	outcome := "unknown"
	switch {
	case known && o.Kind == "get":
		return fmt.Sprintf("get -> %q", o.Found)
	case known && o.Kind == "swap":
		outcome = fmt.Sprint(o.Succeeded)
	case known:
		outcome = "done"
	}
	if o.Kind == "swap" {
		return fmt.Sprintf("swap %q for %q -> %s", o.Expected, o.Value, outcome)
	}
	return fmt.Sprintf("%s %q -> %s", o.Kind, o.Value, outcome)
}
