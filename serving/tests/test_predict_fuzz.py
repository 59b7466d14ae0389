"""Thousands of spoiled requests to a predict model: each is one that can be computed, or a client's fault."""

import json
from random import Random
from typing import Any

import pytest
from fuzz_requests import spoil

from autoglm_serving.predict.faults import BadRequest
from autoglm_serving.predict.http_body import parse
from autoglm_serving.predict.service import lay_out
from autoglm_serving.predict.tensors import DATATYPES, TensorError, TensorSpec

VALUES = {"BOOL": [True, False], "BYTES": ["点", ""], "FP16": [0.5, 1.0], "FP32": [1.5, 2], "FP64": [0.1, 3]}
SPECS = tuple(TensorSpec(name.lower(), name, (-1, 2)) for name in DATATYPES)
STRANGE = (10**400, -(10**30), 2**63, 1e308, "NaN", float("nan"), [[[]]], {"a": 1}, None, True, -1, 0, "x" * 300)

LENGTHS = (None, "0" * 5000, "9" * 5000, "-1", "1e3", "²", "9")
"""Headers that say where the JSON ends."""


def body(random: Random) -> dict[str, Any]:
    inputs = []
    for spec in SPECS:
        data = [list(VALUES.get(spec.datatype, (1, 2)))]
        inputs.append({"name": spec.name, "datatype": spec.datatype, "shape": [1, 2], "data": data})
    made: dict[str, Any] = {"id": "1", "inputs": inputs, "outputs": [{"name": "y"}]}
    if random.random() < 0.4:
        one, two = random.choice(STRANGE), random.choice(STRANGE)
        random.choice(inputs)[random.choice(("shape", "data"))] = random.choice((one, [one], [one, two], [1, one]))
    for _ in range(random.choice((0, 0, 1, 2))):
        spoil(random, made)
    return made


def test_a_spoiled_request_is_computed_or_refused():
    kinds = {"computed": 0, "refused": 0}
    for seed in range(2000):
        random = Random(seed)  # noqa: S311  a test's dice
        content = json.dumps(body(random)).encode("utf-8", "surrogatepass")
        length = random.choice(LENGTHS) if random.random() < 0.2 else str(len(content))
        try:
            request = parse("m", None, content, length).request
            arrays = lay_out(SPECS, request.inputs)
        except (BadRequest, TensorError) as error:
            kinds["refused"] += 1
            assert len(str(error)) < 1000, seed
            continue
        except Exception as error:
            pytest.fail(f"seed {seed}: {type(error).__name__}: {str(error)[:200]} for {content[:2000]!r}")
        kinds["computed"] += 1
        assert [array.dtype for array in arrays.values()] == [DATATYPES[spec.datatype] for spec in SPECS]
    assert min(kinds.values()) > 300
