package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The rules live in the mangle table, which a packet passes before the filter table: kube-proxy's accepting rules there
// cannot come first. The node's init jumps to the root chains from FORWARD (traffic of pods) and the egress chain from
// INPUT (a pod to its node) before a pod exists.
const (
	rootChain    = "NETPOL"
	egressChain  = "NETPOL-EGRESS"
	ingressChain = "NETPOL-INGRESS"
	podPrefix    = "NP-"
)

// snapshot is everything the rules follow from.
type snapshot struct {
	podRange   netip.Prefix
	addresses  map[types.UID][]netip.Addr
	pods       []*corev1.Pod
	policies   []*netv1.NetworkPolicy
	namespaces map[string]labels.Set
}

// target is one place that a rule lets a pod talk to or hear from; pod is nil for an address block.
type target struct {
	prefix netip.Prefix
	pod    *corev1.Pod
}

// direction is what differs between the two halves of a policy.
type direction struct {
	kind        netv1.PolicyType
	chain       string
	own, remote string // the iptables options that match the isolated pod and its peer
}

var (
	egress  = direction{netv1.PolicyTypeEgress, egressChain, "-s", "-d"}
	ingress = direction{netv1.PolicyTypeIngress, ingressChain, "-d", "-s"}
)

// rule is the part that ingress and egress rules share.
type rule struct {
	peers []netv1.NetworkPolicyPeer
	ports []netv1.NetworkPolicyPort
}

// render turns a snapshot into the chains and rules of the mangle table, in the form of iptables-restore and without the
// table's header. The same snapshot gives the same text. Packets from or to an address of the pod range that no known
// pod holds are dropped, so a pod is never unfiltered, not even before the API server has told of it.
func render(s snapshot) (chains, rules []string) {
	s.pods = sorted(s.pods, func(p *corev1.Pod) string { return p.Namespace + "/" + p.Name })
	s.policies = sorted(s.policies, func(p *netv1.NetworkPolicy) string { return p.Namespace + "/" + p.Name })
	chains = []string{rootChain, egressChain, ingressChain}
	rules = []string{
		fmt.Sprintf("-A %s -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN", rootChain),
		fmt.Sprintf("-A %s -j %s", rootChain, egressChain),
		fmt.Sprintf("-A %s -j %s", rootChain, ingressChain),
		// INPUT enters at the egress chain, past the root chain's rule for established connections
		fmt.Sprintf("-A %s -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN", egressChain),
	}
	for _, d := range []direction{egress, ingress} {
		for _, pod := range s.pods {
			addresses := s.addresses[pod.UID]
			allowed, isolated := s.allowed(pod, d)
			name := podPrefix + string(d.kind)[:1] + "-" + hash(string(pod.UID))
			for _, address := range addresses {
				verdict := "-j RETURN"
				if isolated {
					// goto, not jump: a RETURN in the pod's chain then ends this direction's chain too
					verdict = "-g " + name
				}
				rules = append(rules, fmt.Sprintf("-A %s %s %s/32 %s", d.chain, d.own, address, verdict))
			}
			if !isolated || len(addresses) == 0 {
				continue
			}
			chains = append(chains, name)
			for _, address := range addresses {
				// a pod may always reach itself, also through a Service
				rules = append(rules, fmt.Sprintf("-A %s %s %s/32 -j RETURN", name, d.remote, address))
			}
			for _, match := range unique(allowed) {
				rules = append(rules, fmt.Sprintf("-A %s %s -j RETURN", name, match))
			}
			rules = append(rules, fmt.Sprintf("-A %s -j DROP", name))
		}
		rules = append(rules, fmt.Sprintf("-A %s %s %s -j DROP", d.chain, d.own, s.podRange))
	}
	return chains, rules
}

// allowed gives the matches that let traffic of the pod pass, and whether a policy isolates it in this direction.
func (s snapshot) allowed(pod *corev1.Pod, d direction) (matches []string, isolated bool) {
	for _, policy := range s.policies {
		if policy.Namespace != pod.Namespace || !selects(&policy.Spec.PodSelector, pod.Labels) || !applies(policy, d.kind) {
			continue
		}
		isolated = true
		for _, r := range rulesOf(policy, d.kind) {
			for _, t := range s.targets(policy, r.peers) {
				matches = append(matches, s.matches(pod, t, r.ports, d)...)
			}
		}
	}
	return matches, isolated
}

// applies fills in the defaults of policyTypes: ingress always, egress where the policy has egress rules.
func applies(policy *netv1.NetworkPolicy, kind netv1.PolicyType) bool {
	if len(policy.Spec.PolicyTypes) > 0 {
		return slices.Contains(policy.Spec.PolicyTypes, kind)
	}
	return kind == netv1.PolicyTypeIngress || len(policy.Spec.Egress) > 0
}

func rulesOf(policy *netv1.NetworkPolicy, kind netv1.PolicyType) (rules []rule) {
	if kind == netv1.PolicyTypeIngress {
		for _, r := range policy.Spec.Ingress {
			rules = append(rules, rule{r.From, r.Ports})
		}
		return rules
	}
	for _, r := range policy.Spec.Egress {
		rules = append(rules, rule{r.To, r.Ports})
	}
	return rules
}

// targets resolves peers; no peers means anywhere.
func (s snapshot) targets(policy *netv1.NetworkPolicy, peers []netv1.NetworkPolicyPeer) (targets []target) {
	if len(peers) == 0 {
		return []target{{prefix: anywhere}}
	}
	for _, peer := range peers {
		if peer.IPBlock != nil {
			for _, prefix := range subtract(peer.IPBlock.CIDR, peer.IPBlock.Except) {
				targets = append(targets, target{prefix: prefix})
			}
			continue
		}
		for _, pod := range s.pods {
			if s.isPeer(policy, peer, pod) {
				targets = append(targets, s.podTargets(pod)...)
			}
		}
	}
	return targets
}

func (s snapshot) isPeer(policy *netv1.NetworkPolicy, peer netv1.NetworkPolicyPeer, pod *corev1.Pod) bool {
	if peer.NamespaceSelector == nil {
		if pod.Namespace != policy.Namespace {
			return false
		}
	} else if set, known := s.namespaces[pod.Namespace]; !known || !selects(peer.NamespaceSelector, set) {
		return false
	}
	return peer.PodSelector == nil || selects(peer.PodSelector, pod.Labels)
}

func (s snapshot) podTargets(pod *corev1.Pod) (targets []target) {
	for _, address := range s.addresses[pod.UID] {
		targets = append(targets, target{netip.PrefixFrom(address, 32), pod})
	}
	return targets
}

// matches gives one iptables match per port of a rule; no ports means all of them.
func (s snapshot) matches(pod *corev1.Pod, t target, ports []netv1.NetworkPolicyPort, d direction) (matches []string) {
	remote := fmt.Sprintf("%s %s", d.remote, t.prefix)
	if len(ports) == 0 {
		return []string{remote}
	}
	for _, port := range ports {
		protocol := corev1.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		match := fmt.Sprintf("%s -p %s", remote, strings.ToLower(string(protocol)))
		switch {
		case port.Port == nil:
			matches = append(matches, match)
		case port.Port.Type == intstr.String && d.kind == netv1.PolicyTypeIngress:
			for _, number := range named(pod, port.Port.StrVal, protocol) {
				matches = append(matches, fmt.Sprintf("%s --dport %d", match, number))
			}
		case port.Port.Type == intstr.String:
			// the receiving pod gives a name its number
			for _, receiver := range s.receivers(t) {
				for _, number := range named(receiver.pod, port.Port.StrVal, protocol) {
					matches = append(matches, fmt.Sprintf("%s %s -p %s --dport %d",
						d.remote, receiver.prefix, strings.ToLower(string(protocol)), number))
				}
			}
		case port.EndPort != nil:
			matches = append(matches, fmt.Sprintf("%s --dport %d:%d", match, port.Port.IntVal, *port.EndPort))
		default:
			matches = append(matches, fmt.Sprintf("%s --dport %d", match, port.Port.IntVal))
		}
	}
	return matches
}

// receivers are the pods behind a target.
func (s snapshot) receivers(t target) (receivers []target) {
	if t.pod != nil {
		return []target{t}
	}
	for _, pod := range s.pods {
		for _, candidate := range s.podTargets(pod) {
			if t.prefix.Contains(candidate.prefix.Addr()) {
				receivers = append(receivers, candidate)
			}
		}
	}
	return receivers
}

func named(pod *corev1.Pod, name string, protocol corev1.Protocol) (numbers []int32) {
	containers := slices.Clone(pod.Spec.Containers)
	for _, c := range pod.Spec.InitContainers {
		// sidecars serve as long as the pod lives
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			containers = append(containers, c)
		}
	}
	for _, c := range containers {
		for _, p := range c.Ports {
			if p.Name == name && cmp.Or(p.Protocol, corev1.ProtocolTCP) == protocol {
				numbers = append(numbers, p.ContainerPort)
			}
		}
	}
	return numbers
}

func selects(selector *metav1.LabelSelector, set map[string]string) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(set))
}
