// Command linearizable says whether a history of reads and writes could have come from one copy of each key.
//
// Usage: linearizable [-timeout 5m] [-picture FILE.html] HISTORY
//
// HISTORY has one operation a line, as JSON. It prints one JSON object, and exits with 0 for linearizable, 1 for not,
// 2 for a history that can't be read and 3 where the time did not suffice.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type verdict struct {
	Result     string  `json:"result"`
	Operations int     `json:"operations"`
	Keys       int     `json:"keys"`
	Key        string  `json:"key,omitempty"` // the first whose operations fit no order
	Seconds    float64 `json:"seconds"`
}

var exits = map[porcupine.CheckResult]int{porcupine.Ok: 0, porcupine.Illegal: 1, porcupine.Unknown: 3}

func main() {
	timeout := flag.Duration("timeout", 5*time.Minute, "for all keys together")
	picture := flag.String("picture", "", "an HTML file to draw the history into where it is not linearizable")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	file, err := os.Open(flag.Arg(0))
	if err != nil {
		fail(err)
	}
	byKey, err := read(file)
	if err != nil {
		fail(err)
	}
	found, result := check(byKey, *timeout, *picture)
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fail(err)
	}
	os.Exit(exits[result])
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "linearizable:", err)
	os.Exit(2)
}

// read returns the operations of each key, which is a register of its own.
func read(file io.Reader) (map[string][]porcupine.Operation, error) {
	byKey := map[string][]porcupine.Operation{}
	lines := json.NewDecoder(file)
	lines.DisallowUnknownFields()
	for number := 1; ; number++ {
		var line operation
		if err := lines.Decode(&line); err == io.EOF {
			return byKey, nil
		} else if err != nil {
			return nil, fmt.Errorf("operation %d: %w", number, err)
		}
		if err := line.valid(); err != nil {
			return nil, fmt.Errorf("operation %d: %w", number, err)
		}
		byKey[line.Key] = append(byKey[line.Key], line.measured(number))
	}
}

func check(byKey map[string][]porcupine.Operation, timeout time.Duration, picture string) (verdict, porcupine.CheckResult) {
	began := time.Now()
	found, worst := verdict{Keys: len(byKey)}, porcupine.Ok
	for key, operations := range byKey {
		found.Operations += len(operations)
		left := max(timeout-time.Since(began), time.Millisecond) // none would mean for ever
		result, info := porcupine.CheckOperationsVerbose(register, operations, left)
		if result == porcupine.Ok || worst == porcupine.Illegal {
			continue
		}
		worst, found.Key = result, key
		if result == porcupine.Illegal && picture != "" {
			if err := porcupine.VisualizePath(register, info, picture); err != nil {
				fmt.Fprintln(os.Stderr, "linearizable: no picture:", err)
			}
		}
	}
	found.Result = map[porcupine.CheckResult]string{
		porcupine.Ok: "linearizable", porcupine.Illegal: "not linearizable", porcupine.Unknown: "unknown",
	}[worst]
	found.Seconds = time.Since(began).Seconds()
	return found, worst
}
