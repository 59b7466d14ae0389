package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

const (
	settle = 10 * time.Millisecond // events come in bursts: one rewrite for all of them
	retry  = time.Second           // after a failed rewrite
)

// enforce keeps the mangle table in step with pods, policies and namespaces until ctx ends.
func enforce(ctx context.Context, client kubernetes.Interface, podRange netip.Prefix, results string) error {
	// CNI's own record tells of an address before the pod's first container starts; the API only some time after
	if err := os.MkdirAll(results, 0o700); err != nil {
		return err
	}
	files, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer files.Close()
	if err := files.Add(results); err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods, policies, namespaces := factory.Core().V1().Pods(), factory.Networking().V1().NetworkPolicies(), factory.Core().V1().Namespaces()
	dirty := make(chan struct{}, 1)
	mark := func() {
		select {
		case dirty <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { mark() }, UpdateFunc: func(any, any) { mark() }, DeleteFunc: func(any) { mark() },
	}
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), policies.Informer(), namespaces.Informer()} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	mark()

	table := &table{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-files.Errors:
			return fmt.Errorf("watch %s: %w", results, err)
		case <-files.Events:
			mark()
			continue
		case <-dirty:
		}
		time.Sleep(settle)
		s := snapshot{podRange: podRange, addresses: readAddresses(results, podRange), namespaces: map[string]labels.Set{}}
		// the listers read a local cache: they cannot fail
		s.pods, _ = pods.Lister().List(labels.Everything())
		s.policies, _ = policies.Lister().List(labels.Everything())
		spaces, _ := namespaces.Lister().List(labels.Everything())
		for _, n := range spaces {
			s.namespaces[n.Name] = n.Labels
		}
		if err := table.replace(ctx, s); err != nil {
			klog.ErrorS(err, "the rules were not written; the old ones stand")
			time.AfterFunc(retry, mark)
		}
	}
}

// table is what iptables holds of ours.
type table struct {
	text   string
	chains []string
}

// replace writes all rules and removes the chains of gone pods in one transaction.
func (t *table) replace(ctx context.Context, s snapshot) error {
	if t.chains == nil {
		found, err := podChains(ctx)
		if err != nil {
			return err
		}
		t.chains = found
	}
	chains, rules := render(s)
	text := restoreText(chains, rules, t.chains)
	if text == t.text {
		return nil
	}
	start := time.Now()
	command := exec.CommandContext(ctx, "iptables-restore", "--wait", "--noflush")
	command.Stdin = strings.NewReader(text)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("iptables-restore: %w: %s", err, out)
	}
	klog.InfoS("wrote the rules", "pods", len(s.addresses), "rules", len(rules), "took", time.Since(start).Round(time.Millisecond))
	t.chains = chains
	t.text = restoreText(chains, rules, chains)
	return nil
}

// restoreText is the input of `iptables-restore --noflush`: naming a chain empties it, and what is gone is deleted last.
func restoreText(chains, rules, before []string) string {
	lines := []string{"*mangle"}
	gone := slices.DeleteFunc(slices.Clone(before), func(c string) bool { return slices.Contains(chains, c) })
	for _, c := range append(slices.Clone(chains), gone...) {
		lines = append(lines, ":"+c+" - [0:0]")
	}
	lines = append(lines, rules...)
	for _, c := range gone {
		lines = append(lines, "-X "+c)
	}
	return strings.Join(append(lines, "COMMIT", ""), "\n")
}

// podChains lists what an agent before this one left.
func podChains(ctx context.Context) ([]string, error) {
	out, err := exec.CommandContext(ctx, "iptables", "--wait", "-t", "mangle", "-S").Output()
	if err != nil {
		return nil, fmt.Errorf("iptables -t mangle -S: %w", err)
	}
	chains := []string{}
	for line := range strings.Lines(string(out)) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "-N "); found && strings.HasPrefix(name, podPrefix) {
			chains = append(chains, name)
		}
	}
	return chains, nil
}

// cniResult is the part we read of libcni's cache ("cniCacheV1").
type cniResult struct {
	Args   [][2]string `json:"cniArgs"`
	Result struct {
		IPs []struct {
			Address string `json:"address"`
		} `json:"ips"`
	} `json:"result"`
}

// readAddresses gives the addresses of each pod by UID. A file that is half written is skipped: its next event follows.
func readAddresses(folder string, podRange netip.Prefix) map[types.UID][]netip.Addr {
	addresses := map[types.UID][]netip.Addr{}
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	for _, file := range files {
		var r cniResult
		text, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(text, &r) != nil {
			continue
		}
		for _, arg := range r.Args {
			if arg[0] != "K8S_POD_UID" {
				continue
			}
			for _, ip := range r.Result.IPs {
				if prefix, err := netip.ParsePrefix(ip.Address); err == nil && podRange.Contains(prefix.Addr()) {
					addresses[types.UID(arg[1])] = append(addresses[types.UID(arg[1])], prefix.Addr())
				}
			}
		}
	}
	return addresses
}
