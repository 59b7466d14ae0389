"""Secrets in plain text are refused wherever they stand, and never shown (F1)."""

from typing import Any

import pytest
import yaml

from stacks.loader import RegionError, parse
from tests.harness.programs import DEV
from tests.stacks.regions import REGIONS, refused, region

FIX = (
    "take it out, revoke it where it was issued, and give credentials by the environment, or the value as "
    "pulumi config set --secret --path 'open-autoglm:region...'"
)
# Put together here, so that no scanner of this repository takes them for real.
AWS, ALIBABA, TENCENT = (
    "AKIA" + "IOSFODNN7EXAMPLE",
    "LTAI" + "5tExampleExampleXYZ",
    "AKID" + "z8krbsJ5yKBZQpn74WFkmLPx3",
)
PEM = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIB\n-----END"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (AWS, "an access key of AWS"),
        (AWS.replace("AKIA", "ASIA"), "an access key of AWS"),
        (ALIBABA, "an access key of Alibaba Cloud"),
        (TENCENT, "an access key of Tencent Cloud"),
        (PEM, "a PEM block"),
        ("hf_" + "a" * 34, "an access token"),
        ("https://me:" + "hunter2@example.com", "a URL with a password"),
    ],
)
@pytest.mark.parametrize(
    ("field", "over"),
    [
        ("namespace", lambda value: {"namespace": value}),
        ("network.zones[1]", lambda value: {"network": {"zones": ["us-west-2a", f"x {value} y"]}}),
        ("gpuPools.cards.labels.note", lambda value: {"gpuPools": {"cards": {"labels": {"note": value}}}}),
    ],
)
def test_a_value_that_looks_like_a_secret(value: str, what: str, field: str, over: Any) -> None:
    assert refused("aws", over(value)) == [f"{field}: it holds {what} in plain text: {FIX}"]


@pytest.mark.parametrize(
    "key", ["password", "dbPassword", "SECRET_KEY", "secretAccessKey", "clientSecret", "apiKey", "api-key", "token"]
)
def test_a_key_that_is_named_like_a_secret(key: str) -> None:
    problem = f"gpuPools.cards.labels.{key}: its name says that it is a secret, and it is in plain text: {FIX}"
    assert refused("aws", {"gpuPools": {"cards": {"labels": {key: "hunter2"}}}}) == [problem]


def test_keys_that_only_sound_alike() -> None:
    """A rate per token, the id of a key of KMS, an empty word."""
    facts = {"facts": {"weights": "18Gi", "kvBytesPerToken": 40960}}
    found = region("aws", {"model": facts, "storage": {"key": "alias/region"}})
    assert found.model.facts.kv_bytes_per_token == 40960


@pytest.mark.parametrize("provider", REGIONS)
def test_a_comment_is_plain_text_too(provider: str) -> None:
    with pytest.raises(RegionError) as error:
        parse(f"provider: {provider} # old key {AWS}\n", source="stacks/here.yaml")
    assert str(error.value).splitlines()[1:] == [f"  line 1: its comment holds an access key of AWS: {FIX}"]
    assert AWS not in str(error.value)


def test_the_stack_s_encrypted_configuration_may_hold_one() -> None:
    """What it then says of the value is about its form, and does not show it."""
    with pytest.raises(RegionError, match=r"namespace: it must be a DNS label") as error:
        parse(DEV.read_text(), source="stacks/dev.yaml", overlay={"namespace": AWS}, secret=True)
    assert AWS not in str(error.value)


def test_no_reason_quotes_the_encrypted_configuration() -> None:
    """The rule about serving.gpu names the model, which is another field."""
    facts = {"weights": "90Gi", "kvBytesPerToken": 40960}
    text = yaml.safe_dump({"provider": "aws"} | REGIONS["aws"])
    with pytest.raises(RegionError, match=r"\[hidden\] needs") as error:
        parse(text, source="x.yaml", overlay={"model": {"name": "hunter2", "facts": facts}}, secret=True)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("over", [{"namespace": AWS}, {"password": "hunter2"}, {"images": {"etcd": PEM}}])
def test_no_message_shows_it(over: dict[str, Any]) -> None:
    told = "\n".join(refused("tencentcloud", over))
    assert not any(secret in told for secret in (AWS, "hunter2", "MIIB"))
