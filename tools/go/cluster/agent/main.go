// Command node-agent gives the embedded single-node cluster what its CNI plugins and kubelet do not bring:
// NetworkPolicy (policy.go, enforce.go) and volumes on demand (volumes.go).
package main

import (
	"context"
	"flag"
	"net/netip"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "credentials of the agent")
	podRange := flag.String("pod-range", "", "address range of the node's pods")
	cniResults := flag.String("cni-results", "/var/lib/cni/results", "folder in which CNI keeps one file per attached pod")
	volumes := flag.String("volumes", "", "folder for the directories behind PersistentVolumes")
	node := flag.String("node", "", "name of this node")
	klog.InitFlags(nil)
	flag.Parse()

	prefix, err := netip.ParsePrefix(*podRange)
	if err != nil {
		klog.Fatalf("--pod-range: %v", err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		klog.Fatalf("--kubeconfig: %v", err)
	}
	config.UserAgent = "node-agent"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		klog.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go provision(klog.NewContext(ctx, klog.Background()), client, *volumes, *node)
	if err := enforce(ctx, client, prefix, *cniResults); err != nil {
		klog.Fatal(err)
	}
}
