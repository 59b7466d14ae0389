"""Programs that break one rule each, on every cloud that it concerns and in Kubernetes: for the real engine.

Each name begins with `bad-`, and all that carry it break the rule; `good-` break none.
"""

TAGS = (
    "TAGS = {'project': 'open-autoglm', 'stack': 'x', 'environment': 'test', 'owner': 'me', 'cost-center': 'c', "
    "'managed-by': 'pulumi'}\n"
)
HEADER = f"""
import json
import pulumi_aws as aws
import pulumi_alicloud as ali
import tencentcloud_iac_pulumi as tc
{TAGS}
LABELS = {{"app.kubernetes.io/part-of": "open-autoglm"}}
META = {{"labels": LABELS}}
on = {{
    "aws": pulumi.ResourceOptions(provider=aws.Provider("aws", region="us-west-2")),
    "ali": pulumi.ResourceOptions(provider=ali.Provider("ali", region="eu-central-1")),
    "tc": pulumi.ResourceOptions(provider=tc.Provider("tc", region="ap-singapore")),
    "k8s": pulumi.ResourceOptions(provider=k8s.Provider("k8s", kubeconfig="/none")),
}}

def etcd(name, replicas, image="registry.example/etcd:v3.6.4", env=()):
    pods = {{"metadata": META, "spec": {{"containers": [{{"name": "main", "image": image, "env": list(env)}}]}}}}
    k8s.apps.v1.StatefulSet(name, metadata=META, spec={{
        "replicas": replicas, "serviceName": "x", "selector": {{"matchLabels": LABELS}}, "template": pods,
    }}, opts=on["k8s"])
"""

PROGRAMS = {
    "public-ports": """
aws.vpc.SecurityGroupIngressRule("bad-aws", security_group_id="sg-1", ip_protocol="tcp", from_port=22, to_port=22,
    cidr_ipv4="0.0.0.0/0", tags=TAGS, opts=on["aws"])
aws.vpc.SecurityGroupIngressRule("good-aws", security_group_id="sg-1", ip_protocol="tcp", from_port=443, to_port=443,
    cidr_ipv4="0.0.0.0/0", tags=TAGS, opts=on["aws"])
ali.ecs.SecurityGroupRule("bad-ali", security_group_id="sg-1", type="ingress", ip_protocol="tcp", port_range="22/22",
    cidr_ip="0.0.0.0/0", opts=on["ali"])
tc.security.GroupRuleSet("bad-tc", security_group_id="sg-1", ingresses=[
    {"action": "ACCEPT", "cidr_block": "0.0.0.0/0", "protocol": "TCP", "port": "22"}], opts=on["tc"])
k8s.core.v1.Service("bad-k8s", metadata=META, spec={"type": "LoadBalancer", "ports": [{"port": 80}]}, opts=on["k8s"])
""",
    "public-api-endpoints": """
aws.eks.Cluster("bad-aws", role_arn="arn:aws:iam::123456789012:role/x", vpc_config={"subnet_ids": ["subnet-1"]},
    encryption_config={"provider": {"key_arn": "arn:aws:kms:us-west-2:123456789012:key/x"}, "resources": ["secrets"]},
    tags=TAGS, opts=on["aws"])
ali.cs.ManagedKubernetes("bad-ali", vswitch_ids=["vsw-1"], service_cidr="172.16.0.0/16", encryption_provider_key="k",
    tags=TAGS, opts=on["ali"])
tc.kubernetes.ClusterEndpoint("bad-tc", cluster_id="cls-1", cluster_internet=True, opts=on["tc"])
""",
    "unencrypted-storage": """
aws.s3.Bucket("bad-aws", tags=TAGS, opts=on["aws"])
good = aws.s3.Bucket("good-aws", tags=TAGS, opts=on["aws"])
aws.s3.BucketServerSideEncryptionConfiguration("good-aws-key", bucket=good.id, rules=[
    {"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms"}}], opts=on["aws"])
ali.oss.Bucket("bad-ali", tags=TAGS, opts=on["ali"])
tc.cos.Bucket("bad-tc", bucket="x-1250000000", tags=TAGS, opts=on["tc"])
k8s.storage.v1.StorageClass("bad-k8s", metadata=META, provisioner="ebs.csi.aws.com", opts=on["k8s"])
""",
    "wildcard-actions": """
def policy(action, statement="Statement", effect="Effect", allow="Allow", key="Action"):
    return json.dumps({statement: [{effect: allow, key: action, "Resource": "x"}]})
aws.iam.Policy("bad-aws", policy=policy("s3:*"), tags=TAGS, opts=on["aws"])
aws.iam.Policy("good-aws", policy=policy("s3:GetObject"), tags=TAGS, opts=on["aws"])
ali.ram.Policy("bad-ali", policy_name="x", policy_document=policy("oss:*"), tags=TAGS, opts=on["ali"])
tc.cam.Policy("bad-tc", document=policy("cos:*", "statement", "effect", "allow", "action"), opts=on["tc"])
k8s.rbac.v1.Role("bad-k8s", metadata=META, rules=[{"apiGroups": [""], "resources": ["*"], "verbs": ["get"]}],
    opts=on["k8s"])
""",
    "exposed-secrets": """
etcd("bad-k8s", 3, env=[{"name": "API_TOKEN", "value": "hush"}])
k8s.core.v1.ConfigMap("bad-map", metadata=META, data={"key": "-----BEGIN PRIVATE " + "KEY-----"}, opts=on["k8s"])
k8s.core.v1.Secret("good-k8s", metadata=META, string_data={"key": pulumi.Output.secret("hush")}, opts=on["k8s"])
""",
    "untainted-gpu-pools": """
aws.eks.NodeGroup("bad-aws", cluster_name="x", node_role_arn="arn:aws:iam::123456789012:role/x", subnet_ids=["s"],
    scaling_config={"min_size": 0, "max_size": 1, "desired_size": 0}, instance_types=["g5.xlarge"],
    launch_template={"id": "lt-1", "version": "1"}, tags=TAGS, opts=on["aws"])
ali.cs.NodePool("bad-ali", cluster_id="c", vswitch_ids=["v"], instance_types=["ecs.gn7i-c8g1.2xlarge"],
    system_disk_encrypted=True, tags=TAGS, opts=on["ali"])
tc.kubernetes.NodePool("bad-tc", cluster_id="c", vpc_id="v", min_size=0, max_size=1, delete_keep_instance=False,
    auto_scaling_config={"instance_type": "GN7.2XLARGE32"}, tags=TAGS, opts=on["tc"])
""",
    "kept-instances": """
aws.ec2.LaunchTemplate("bad-aws", block_device_mappings=[
    {"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "delete_on_termination": "false"}}], tags=TAGS,
    opts=on["aws"])
ali.cs.ManagedKubernetes("bad-ali", vswitch_ids=["vsw-1"], service_cidr="172.16.0.0/16", encryption_provider_key="k",
    slb_internet_enabled=False, retain_resources=["nodes"], tags=TAGS, opts=on["ali"])
tc.kubernetes.NodePool("bad-tc", cluster_id="c", vpc_id="v", min_size=0, max_size=1,
    auto_scaling_config={"instance_type": "S5.LARGE8"}, tags=TAGS, opts=on["tc"])
""",
    "even-quorum": """
etcd("bad-two", 2)
etcd("good-three", 3)
""",
    "mutable-images": """
etcd("bad-k8s", 3, image="registry.example/etcd:latest")
aws.ecr.Repository("bad-aws", tags=TAGS, opts=on["aws"])
ali.cs.RegistryEnterpriseRepo("bad-ali", instance_id="cri-1", namespace="x", repo_type="PRIVATE", summary="x",
    opts=on["ali"])
""",
    "missing-tags": """
aws.ec2.Vpc("bad-aws", cidr_block="10.0.0.0/16", tags={"Name": "x"}, opts=on["aws"])
ali.vpc.Network("bad-ali", cidr_block="10.0.0.0/16", opts=on["ali"])
tc.vpc.Instance("bad-tc", cidr_block="10.0.0.0/16", opts=on["tc"])
k8s.core.v1.Service("bad-k8s", spec={"ports": [{"port": 80}]}, opts=on["k8s"])
""",
}
