package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var histories = map[string]struct {
	lines  string
	result string
}{
	"one after the other": {`
		{"client":1,"key":"a","kind":"put","value":"1","call":1,"return":2}
		{"client":2,"key":"a","kind":"get","found":"1","call":3,"return":4}
		{"client":2,"key":"a","kind":"delete","call":5,"return":6}
		{"client":2,"key":"a","kind":"get","call":7,"return":8}`, "linearizable"},
	"a stale read": {`
		{"client":1,"key":"a","kind":"put","value":"1","call":1,"return":2}
		{"client":1,"key":"a","kind":"put","value":"2","call":3,"return":4}
		{"client":2,"key":"a","kind":"get","found":"1","call":5,"return":6}`, "not linearizable"},
	"a read amid a write sees either": {`
		{"client":1,"key":"a","kind":"put","value":"1","call":1,"return":9}
		{"client":2,"key":"a","kind":"get","call":2,"return":3}
		{"client":2,"key":"a","kind":"get","found":"1","call":4,"return":5}`, "linearizable"},
	"what was seen is not unseen": {`
		{"client":1,"key":"a","kind":"put","value":"1","call":1,"return":9}
		{"client":2,"key":"a","kind":"get","found":"1","call":2,"return":3}
		{"client":2,"key":"a","kind":"get","call":4,"return":5}`, "not linearizable"},
	"a write of unknown outcome happens late or never": {`
		{"client":1,"key":"a","kind":"put","value":"1","call":1,"return":null}
		{"client":1,"key":"a","kind":"get","call":2,"return":3}
		{"client":1,"key":"a","kind":"get","found":"1","call":4,"return":5}`, "linearizable"},
	"a lost write": {`
		{"client":1,"key":"a","kind":"put","value":"1","call":1,"return":2}
		{"client":1,"key":"a","kind":"get","call":3,"return":4}`, "not linearizable"},
	"two swaps of the same value": {`
		{"client":1,"key":"a","kind":"swap","value":"1","succeeded":true,"call":1,"return":4}
		{"client":2,"key":"a","kind":"swap","value":"2","succeeded":true,"call":1,"return":4}`, "not linearizable"},
	"a swap of unknown outcome": {`
		{"client":1,"key":"a","kind":"swap","value":"1","call":1,"return":null}
		{"client":2,"key":"a","kind":"swap","expected":"1","value":"2","succeeded":true,"call":5,"return":6}`, "linearizable"},
	"keys apart": {`
		{"client":1,"key":"a","kind":"put","value":"1","call":1,"return":2}
		{"client":1,"key":"b","kind":"get","call":3,"return":4}`, "linearizable"},
}

func TestHistories(t *testing.T) {
	for name, c := range histories {
		byKey, err := read(strings.NewReader(c.lines))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if found, _ := check(byKey, time.Minute, ""); found.Result != c.result {
			t.Errorf("%s: %s, not %s", name, found.Result, c.result)
		}
	}
}

func TestTheKeyIsNamedAndDrawn(t *testing.T) {
	byKey, err := read(strings.NewReader(histories["a lost write"].lines))
	if err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join(t.TempDir(), "history.html")
	if found, _ := check(byKey, time.Minute, picture); found.Key != "a" || found.Operations != 2 {
		t.Error(found)
	}
	if _, err := os.Stat(picture); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoOperationIsRefused(t *testing.T) {
	for line, reason := range map[string]string{
		`{"key":"a","kind":"move","call":1,"return":2}`:          "kind",
		`{"key":"a","kind":"put","call":1,"return":2}`:           "value",
		`{"key":"a","kind":"get","call":3,"return":2}`:           "return",
		`{"key":"a","kind":"get","call":3,"return":4,"other":1}`: "other",
	} {
		if _, err := read(strings.NewReader(line)); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", line, err)
		}
	}
}
