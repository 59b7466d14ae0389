import numpy as np
import pytest

from autoglm_serving.predict import codec, tensors
from autoglm_serving.predict.tensors import DATATYPES, TensorError, TensorSpec

IMAGE = TensorSpec("image", "FP32", (-1, 3, -1, 224))


@pytest.mark.parametrize("shape", [(1, 3, 7, 224), (0, 3, 500, 224)])
def test_free_dimensions_take_any_size(shape: tuple[int, ...]):
    IMAGE.check("FP32", shape)


@pytest.mark.parametrize(
    ("datatype", "shape", "fault"),
    [
        ("FP64", (1, 3, 7, 224), "datatype 'FP64' given, the model takes FP32"),
        ("FP32", (1, 3, 7), r"shape \[1, 3, 7\] has 3 dimensions, the model takes FP32\[-1, 3, -1, 224\]"),
        ("FP32", (1, 1, 7, 224), r"shape \[1, 1, 7, 224\]: dimension 1 must be 3, as in FP32"),
    ],
)
def test_another_type_or_shape_is_refused_with_what_was_expected(datatype: str, shape: tuple[int, ...], fault: str):
    with pytest.raises(TensorError, match=f"tensor 'image': {fault}"):
        IMAGE.check(datatype, shape)


def test_inputs_must_be_the_models():
    specs = (IMAGE, TensorSpec("mask", "BOOL", (-1,)))
    assert tensors.spec_of(specs, "mask").datatype == "BOOL"
    with pytest.raises(TensorError, match="tensor 'masc': the model has no such input; it has image, mask"):
        tensors.spec_of(specs, "masc")
    with pytest.raises(TensorError, match=r"tensor 'mask': missing; the model takes BOOL\[-1\]"):
        tensors.check_complete(specs, ["image"])
    with pytest.raises(TensorError, match="tensor 'mask': given twice"):
        tensors.check_complete(specs, ["image", "mask", "mask"])


EXTREMES = {
    "BOOL": [True, False],
    "FP16": [65504.0, -0.0],
    "FP32": [3.4028234e38, 1.5],
    "FP64": [1.7976931348623157e308, 5e-324],
    "BYTES": ["", "点击"],
} | {
    name: [int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)]
    for name, dtype in DATATYPES.items()
    if dtype.kind in "iu"
}


@pytest.mark.parametrize("datatype", DATATYPES)
def test_a_tensor_survives_json_and_raw_bytes(datatype: str):
    array = codec.from_values("x", datatype, [2, 1], [[value] for value in EXTREMES[datatype]])
    assert array.dtype == DATATYPES[datatype]
    again = codec.from_raw("x", datatype, [2, 1], codec.to_raw(array))
    assert again.shape == (2, 1)
    assert codec.to_values("x", again) == pytest.approx(EXTREMES[datatype])
    assert codec.from_values("x", datatype, [1, 2], EXTREMES[datatype]).shape == (1, 2)


@pytest.mark.parametrize(
    ("datatype", "shape", "values", "fault"),
    [
        ("INT32", [1], [1.5], "values that are no INT32"),
        ("INT32", [1], [True], "values that are no INT32"),
        ("INT32", [1], [None], "values that are no INT32"),
        ("INT32", [2], [1, "2"], "values that are no INT32"),
        ("BOOL", [1], [1], "values that are no BOOL"),
        ("FP32", [1], ["1"], "values that are no FP32"),
        ("BYTES", [1], [1], "values that are no BYTES"),
        ("INT8", [1], [128], "out of INT8's range"),
        ("UINT8", [1], [-1], "out of UINT8's range"),
        ("INT64", [1], [2**70], "out of INT64's range"),
        ("UINT64", [2], [-1, 2**63], "out of UINT64's range"),
        ("FP16", [1], [70000], "out of FP16's range"),
        ("FP32", [1], [1e300], "out of FP32's range"),
        ("FP32", [1], [float("nan")], "out of FP32's range"),
        ("FP64", [1], [10**400], "out of FP64's range"),
        ("FP32", [2], [[1], [2, 3]], "ragged"),
        ("FP32", [2], [1, [2]], "values that are no FP32"),
        ("FP32", [3], [1, 2], r"2 values of data, but shape \[3\] takes 3"),
        ("FP32", [0], [1], r"1 values of data, but shape \[0\] takes 0"),
        ("FP32", [3, 2], [[1, 2, 3], [4, 5, 6]], r"nested as \[2, 3\], but its shape is \[3, 2\]"),
        ("FP32", [-1], [1], "can't be negative"),
        ("FP32", [1] * 40, [1], "40 dimensions; at most 32"),
        ("BF16", [1], [1], "datatype 'BF16' is unknown; this server has BOOL"),
        ("FP32", [2**40, 2**40], [1], "1 values of data"),
    ],
)
def test_values_that_do_not_fit_are_refused(datatype: str, shape: list[int], values: list, fault: str):
    with pytest.raises(TensorError, match=f"tensor 'x': .*{fault}"):
        codec.from_values("x", datatype, shape, values)


def test_a_long_string_among_numbers_costs_no_memory():
    with pytest.raises(TensorError, match="no FP32"):
        codec.from_values("x", "FP32", [10**6], ["a" * 10**6, *[0] * (10**6 - 1)])


@pytest.mark.parametrize(
    ("datatype", "shape", "content", "fault"),
    [
        ("FP32", [2], b"1234567", r"7 bytes of data, but shape \[2\] of FP32 takes 8 bytes"),
        ("FP32", [2**62], b"", "0 bytes of data"),
        ("BYTES", [1], b"\xff\xff\xff\xff", "an element says it has 4294967295 bytes, more than are left"),
        ("BYTES", [2], b"\1\0\0\0a", r"1 values of data, but shape \[2\] takes 2"),
    ],
)
def test_raw_bytes_that_do_not_fit_are_refused(datatype: str, shape: list[int], content: bytes, fault: str):
    with pytest.raises(TensorError, match=f"tensor 'x': {fault}"):
        codec.from_raw("x", datatype, shape, content)


def test_raw_bytes_at_an_odd_address_are_laid_straight():
    content = memoryview(b"?" + np.arange(4, dtype="<f8").tobytes())[1:]
    array = codec.from_raw("x", "FP64", [4], content)
    assert array.flags.aligned
    assert array.tolist() == [0, 1, 2, 3]


def test_raw_booleans_other_than_0_and_1_are_true():
    assert codec.from_raw("x", "BOOL", [3], b"\0\1\7").tobytes() == b"\0\1\1"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_can_not_say_is_an_error_and_no_other_value(value: float):
    with pytest.raises(TensorError, match="NaN or infinite values, which JSON can't hold; ask for it with binary_data"):
        codec.to_values("y", np.array([value], np.float32))


def test_bytes_that_are_no_text_can_not_go_into_json():
    array = codec.from_raw("y", "BYTES", [1], b"\1\0\0\0\xff")
    with pytest.raises(TensorError, match="no UTF-8; ask for it with binary_data"):
        codec.to_values("y", array)


def test_what_a_model_gives_is_held_to_what_it_says():
    specs = (TensorSpec("y", "FP32", (-1, 2)),)
    tensors.check_outputs(specs, {"y": np.zeros((5, 2), np.float32)})
    with pytest.raises(TensorError, match="tensor 'y': the model did not give it"):
        tensors.check_outputs(specs, {})
    with pytest.raises(TensorError, match="datatype 'FP64' given"):
        tensors.check_outputs(specs, {"y": np.zeros((5, 2))})
    with pytest.raises(TensorError, match="complex64 is no type of the protocol"):
        tensors.check_outputs(specs, {"y": np.zeros((5, 2), np.complex64)})
