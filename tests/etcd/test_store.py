"""Where snapshots are: what a URL, its region and the environment come to; a role's keys, as the clouds give them."""

import json
import threading
import urllib.parse
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import obstore
import pytest
from autoglm_etcd.keeper import roles
from autoglm_etcd.keeper.store import open_store
from obstore.store import LocalStore, S3Store

ALIBABA = {
    "Credentials": {
        "AccessKeyId": "STS.a",
        "AccessKeySecret": "s",
        "SecurityToken": "t",
        "Expiration": "2026-11-21T13:00:00Z",
    }
}
TENCENT = {
    "Response": {
        "Credentials": {"TmpSecretId": "AKIDa", "TmpSecretKey": "s", "Token": "t"},
        "ExpiredTime": 1795266000,
    }
}


class Cloud(ThreadingHTTPServer):
    """A cloud's STS, and its S3-like store: what is put there lies in `objects`."""

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.asked, self.objects = answer, [], {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Cloud

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((dict(self.headers), body))
        text = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.objects[self.path] = (dict(self.headers), body)
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def cloud(request):
    made = Cloud(request.param)
    yield made
    made.shutdown()
    made.server_close()


def environment(scheme, cloud, tmp_path):
    token = tmp_path / "token"
    token.write_text("pod-token\n")
    given = {
        "oss": {"ALIBABA_CLOUD_ROLE_ARN": "r", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "p"},
        "cos": {"TKE_ROLE_ARN": "r", "TKE_PROVIDER_ID": "p", "TKE_REGION": "ap-guangzhou"},
    }[scheme]
    file = {"oss": "ALIBABA_CLOUD_OIDC_TOKEN_FILE", "cos": "TKE_WEB_IDENTITY_TOKEN_FILE"}[scheme]
    return given | {file: str(token), "AUTOGLM_STS_ENDPOINT": cloud.url}


@pytest.mark.parametrize("cloud", [ALIBABA], indirect=True)
def test_on_alibaba_cloud_the_pod_s_token_is_changed_for_keys(cloud, tmp_path):
    store = open_store("oss://backups/etcd", "cn-hangzhou", cloud.url, environment("oss", cloud, tmp_path))
    obstore.put(store, "one.db", b"1")
    _, body = cloud.asked[0]
    asked = dict(urllib.parse.parse_qsl(body))
    assert (asked["Action"], asked["OIDCToken"], asked["RoleArn"]) == ("AssumeRoleWithOIDC", "pod-token", "r")
    headers, content = cloud.objects["/backups/etcd/one.db"]
    assert content == b"1"
    assert headers["x-amz-security-token"] == "t"
    assert "Credential=STS.a/" in headers["authorization"]


@pytest.mark.parametrize("cloud", [TENCENT], indirect=True)
def test_on_tencent_cloud_the_pod_s_token_is_changed_for_keys(cloud, tmp_path):
    role = roles.find("cos", "ap-guangzhou", environment("cos", cloud, tmp_path))
    taken = roles.take(role)
    assert (taken["access_key_id"], taken["token"]) == ("AKIDa", "t")
    assert taken["expires_at"] == datetime.fromtimestamp(1795266000, UTC)
    headers, body = cloud.asked[0]
    assert (headers["X-Tc-Action"], headers["Authorization"]) == ("AssumeRoleWithWebIdentity", "SKIP")
    assert json.loads(body)["WebIdentityToken"] == "pod-token"


@pytest.mark.parametrize(
    ("scheme", "cloud", "said"),
    [
        ("oss", {"Code": "NoPermission", "Message": "no trust"}, "NoPermission: no trust"),
        ("cos", {"Response": {"Error": {"Code": "AuthFailure", "Message": "no trust"}}}, "AuthFailure: no trust"),
    ],
    indirect=["cloud"],
)
def test_a_role_that_is_refused_is_told_without_the_token(scheme, cloud, said, tmp_path):
    role = roles.find(scheme, "x", environment(scheme, cloud, tmp_path))
    with pytest.raises(OSError, match=said) as refused:
        roles.take(role)
    assert "pod-token" not in str(refused.value)


def test_a_folder_is_made(tmp_path):
    assert isinstance(open_store(f"file://{tmp_path}/new/folder", environment={}), LocalStore)


def test_a_bucket_s_host_is_its_cloud_s():
    keys = {"COS_SECRET_ID": "a", "COS_SECRET_KEY": "b"}
    store = open_store("cos://backups-1250000000/etcd", "ap-guangzhou", environment=keys)
    assert isinstance(store, S3Store)
    assert store.config["endpoint"] == "https://backups-1250000000.cos.ap-guangzhou.myqcloud.com"
    assert store.prefix == "etcd"


@pytest.mark.parametrize(
    ("url", "region", "said"),
    [
        ("ftp://x/y", "", "use file:///folder, or s3://, oss:// or cos://bucket/prefix"),
        ("s3:///prefix", "", "use file:///folder"),
        ("oss://backups/etcd", "", "give --store-region"),
        ("oss://backups/etcd", "cn-hangzhou", "set OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, or give the pod a role"),
    ],
)
def test_what_can_t_be_a_store_is_refused(url, region, said):
    with pytest.raises(ValueError, match=said):
        open_store(url, region, environment={})
