package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func pod(namespace, name string, ports ...corev1.ContainerPort) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(namespace + "/" + name), Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Ports: ports}}},
	}
}

func app(name string) metav1.LabelSelector {
	return metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

func policy(spec netv1.NetworkPolicySpec) *netv1.NetworkPolicy {
	return &netv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "p"}, Spec: spec}
}

func block(cidr string, except ...string) netv1.NetworkPolicyPeer {
	return netv1.NetworkPolicyPeer{IPBlock: &netv1.IPBlock{CIDR: cidr, Except: except}}
}

func ports(list ...netv1.NetworkPolicyPort) []netv1.NetworkPolicyPort { return list }

func port(value intstr.IntOrString) netv1.NetworkPolicyPort {
	return netv1.NetworkPolicyPort{Port: &value}
}

func pointer[T any](value T) *T { return &value }

// Pods: a/web 10.0.0.1 with a port named http, a/client .2, b/client .3; b carries the label team=b.
func world(policies ...*netv1.NetworkPolicy) snapshot {
	address := func(text string) []netip.Addr { return []netip.Addr{netip.MustParseAddr(text)} }
	return snapshot{
		podRange:   netip.MustParsePrefix("10.0.0.0/24"),
		pods:       []*corev1.Pod{pod("b", "client"), pod("a", "client"), pod("a", "web", corev1.ContainerPort{Name: "http", ContainerPort: 8080})},
		addresses:  map[types.UID][]netip.Addr{"a/web": address("10.0.0.1"), "a/client": address("10.0.0.2"), "b/client": address("10.0.0.3")},
		namespaces: map[string]labels.Set{"a": {}, "b": {"team": "b"}},
		policies:   policies,
	}
}

// verdicts gives what the chain of a pod lets pass, or nil if nothing isolates the pod.
func verdicts(t *testing.T, s snapshot, pod string, d direction) []string {
	t.Helper()
	chain := podPrefix + string(d.kind)[:1] + "-" + hash(pod)
	chains, rules := render(s)
	if !slices.Contains(chains, chain) {
		return nil
	}
	// after a jump, what the pod's chain lets pass would come back here and meet the final DROP
	if entry := fmt.Sprintf("-A %s %s %s/32 -g %s", d.chain, d.own, s.addresses[types.UID(pod)][0], chain); !slices.Contains(rules, entry) {
		t.Fatalf("no rule %q in %q", entry, rules)
	}
	allowed := []string{}
	for _, rule := range rules {
		if match, found := strings.CutPrefix(rule, "-A "+chain+" "); found {
			allowed = append(allowed, match)
		}
	}
	own := d.remote + " " + s.addresses[types.UID(pod)][0].String() + "/32 -j RETURN"
	if len(allowed) < 2 || allowed[0] != own || allowed[len(allowed)-1] != "-j DROP" {
		t.Fatalf("the chain of %s does not begin with itself and end with DROP: %q", pod, allowed)
	}
	for i := range allowed {
		allowed[i] = strings.TrimSuffix(allowed[i], " -j RETURN")
	}
	return allowed[1 : len(allowed)-1]
}

func TestRules(t *testing.T) {
	number, name := intstr.FromInt32, intstr.FromString
	ingressOnly, egressOnly := []netv1.PolicyType{netv1.PolicyTypeIngress}, []netv1.PolicyType{netv1.PolicyTypeEgress}
	from := func(rules ...netv1.NetworkPolicyIngressRule) netv1.NetworkPolicySpec {
		return netv1.NetworkPolicySpec{PodSelector: app("web"), PolicyTypes: ingressOnly, Ingress: rules}
	}
	to := func(rules ...netv1.NetworkPolicyEgressRule) netv1.NetworkPolicySpec {
		return netv1.NetworkPolicySpec{PodSelector: app("client"), PolicyTypes: egressOnly, Egress: rules}
	}
	client, everywhere := app("client"), metav1.LabelSelector{}
	teamB := metav1.LabelSelector{MatchLabels: map[string]string{"team": "b"}}
	cases := []struct {
		name string
		spec netv1.NetworkPolicySpec
		pod  string
		d    direction
		want []string
	}{
		{"no rule denies all", from(), "a/web", ingress, []string{}},
		{"an empty rule allows all", from(netv1.NetworkPolicyIngressRule{}), "a/web", ingress, []string{"-s 0.0.0.0/0"}},
		{"the other direction stays open", from(), "a/web", egress, nil},
		{"a pod that is not selected stays open", from(), "a/client", ingress, nil},
		{"a policy holds in its own namespace only", to(), "b/client", egress, nil},
		{"pods of the same namespace", from(netv1.NetworkPolicyIngressRule{From: []netv1.NetworkPolicyPeer{{PodSelector: &client}}}),
			"a/web", ingress, []string{"-s 10.0.0.2/32"}},
		{"all pods of the namespaces", from(netv1.NetworkPolicyIngressRule{From: []netv1.NetworkPolicyPeer{{NamespaceSelector: &teamB}}}),
			"a/web", ingress, []string{"-s 10.0.0.3/32"}},
		{"pods in the namespaces", from(netv1.NetworkPolicyIngressRule{From: []netv1.NetworkPolicyPeer{{NamespaceSelector: &everywhere, PodSelector: &client}}}),
			"a/web", ingress, []string{"-s 10.0.0.2/32", "-s 10.0.0.3/32"}},
		{"a number", from(netv1.NetworkPolicyIngressRule{Ports: ports(port(number(80)))}), "a/web", ingress, []string{"-s 0.0.0.0/0 -p tcp --dport 80"}},
		{"a protocol without a port", from(netv1.NetworkPolicyIngressRule{Ports: ports(netv1.NetworkPolicyPort{Protocol: pointer(corev1.ProtocolUDP)})}),
			"a/web", ingress, []string{"-s 0.0.0.0/0 -p udp"}},
		{"a range of ports", from(netv1.NetworkPolicyIngressRule{Ports: ports(netv1.NetworkPolicyPort{Port: pointer(number(80)), EndPort: pointer(int32(90))})}),
			"a/web", ingress, []string{"-s 0.0.0.0/0 -p tcp --dport 80:90"}},
		{"a name is the receiver's port", from(netv1.NetworkPolicyIngressRule{Ports: ports(port(name("http")))}),
			"a/web", ingress, []string{"-s 0.0.0.0/0 -p tcp --dport 8080"}},
		{"a name that nobody has opens nothing", from(netv1.NetworkPolicyIngressRule{Ports: ports(port(name("https")))}), "a/web", ingress, []string{}},
		{"a name on the way out is the peer's port", to(netv1.NetworkPolicyEgressRule{To: []netv1.NetworkPolicyPeer{block("0.0.0.0/0")}, Ports: ports(port(name("http")))}),
			"a/client", egress, []string{"-d 10.0.0.1/32 -p tcp --dport 8080"}},
		{"a block without exceptions", to(netv1.NetworkPolicyEgressRule{To: []netv1.NetworkPolicyPeer{block("10.1.0.0/16")}}), "a/client", egress, []string{"-d 10.1.0.0/16"}},
		{"a block with exceptions", to(netv1.NetworkPolicyEgressRule{To: []netv1.NetworkPolicyPeer{block("10.1.0.0/16", "10.1.0.0/18", "10.1.192.0/18")}}),
			"a/client", egress, []string{"-d 10.1.64.0/18", "-d 10.1.128.0/18"}},
		{"an exception that is everything", to(netv1.NetworkPolicyEgressRule{To: []netv1.NetworkPolicyPeer{block("10.1.0.0/16", "10.0.0.0/8")}}), "a/client", egress, []string{}},
		{"IPv6 matches nothing here", to(netv1.NetworkPolicyEgressRule{To: []netv1.NetworkPolicyPeer{block("fd00::/8")}}), "a/client", egress, []string{}},
		{"policyTypes default to ingress", netv1.NetworkPolicySpec{PodSelector: app("web")}, "a/web", egress, nil},
		{"policyTypes default to egress with egress rules", netv1.NetworkPolicySpec{PodSelector: app("web"), Egress: []netv1.NetworkPolicyEgressRule{{}}},
			"a/web", egress, []string{"-d 0.0.0.0/0"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := verdicts(t, world(policy(c.spec)), c.pod, c.d)
			if (got == nil) != (c.want == nil) || !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAnAddressWithoutAKnownPodIsClosedInBothDirections(t *testing.T) {
	s := world()
	s.pods = s.pods[:1] // only b/client is known
	_, rules := render(s)
	for _, d := range []direction{egress, ingress} {
		var chain []string
		for _, rule := range rules {
			if strings.HasPrefix(rule, "-A "+d.chain+" "+d.own) {
				chain = append(chain, strings.TrimPrefix(rule, "-A "+d.chain+" "))
			}
		}
		want := []string{d.own + " 10.0.0.3/32 -j RETURN", d.own + " 10.0.0.0/24 -j DROP"}
		if !slices.Equal(chain, want) {
			t.Errorf("%s: got %q, want %q", d.chain, chain, want)
		}
	}
}

func TestTheOrderOfObjectsDoesNotMatter(t *testing.T) {
	from := func(cidr string) *netv1.NetworkPolicy {
		rule := netv1.NetworkPolicyIngressRule{From: []netv1.NetworkPolicyPeer{block(cidr)}}
		return policy(netv1.NetworkPolicySpec{PodSelector: app("web"), Ingress: []netv1.NetworkPolicyIngressRule{rule}})
	}
	s := world(from("10.1.0.0/16"), from("10.2.0.0/16"))
	s.policies[1].Name = "q"
	chains, rules := render(s)
	slices.Reverse(s.pods)
	slices.Reverse(s.policies)
	againChains, againRules := render(s)
	if !slices.Equal(chains, againChains) || !slices.Equal(rules, againRules) {
		t.Error("the same snapshot in another order gave other rules")
	}
}

func TestTheChainsOfGonePodsAreDeletedLast(t *testing.T) {
	got := restoreText([]string{"A"}, []string{"-A A -j DROP"}, []string{"A", "B"})
	want := "*mangle\n:A - [0:0]\n:B - [0:0]\n-A A -j DROP\n-X B\nCOMMIT\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
