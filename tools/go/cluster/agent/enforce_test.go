package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func TestAddressesComeFromWholeFilesWithinThePodRange(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"pod":      `{"kind":"cniCacheV1","cniArgs":[["IgnoreUnknown","1"],["K8S_POD_UID","u1"]],"result":{"ips":[{"address":"10.0.0.7/24"}]}}`,
		"loopback": `{"cniArgs":[["K8S_POD_UID","u1"]],"result":{"ips":[{"address":"127.0.0.1/8"}]}}`,
		"half":     `{"cniArgs":[["K8S_POD_UID","u2"]],"result":{"ips":[{"addr`,
		"stranger": `{"cniArgs":[],"result":{"ips":[{"address":"10.0.0.8/24"}]}}`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := readAddresses(folder, netip.MustParsePrefix("10.0.0.0/24"))
	want := map[types.UID][]netip.Addr{"u1": {netip.MustParseAddr("10.0.0.7")}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
