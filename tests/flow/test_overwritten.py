"""Writes through a tensor or an array that change something else: which are told, by which code, which are meant."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from reveal import evidence, findings, fixed

ARRAY = """
a = np.array([1.0, 2.0])
t = torch.from_numpy(a)
{}
print(t, {})
"""
WRITES = [
    "t.add_(1)",
    "t.mul_(2).add_(1)",
    "t += 1",
    "t[0] = 1",
    "t[:] = 0",
    "t[1:].zero_()",
    "t.copy_(torch.ones(2))",
    "t.clamp_(0, 1)",
    "t.data.fill_(0)",
    "nn.init.uniform_(t)",
    "torch.add(t, 1, out=t)",
]


def codes(text: str, confidence: str = "likely") -> list[str]:
    return [code for code, *_ in findings(text, confidence)]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_to_a_tensor_is_seen_by_the_array_that_it_was_made_of(write: str) -> None:
    found = findings(ARRAY.format(write, "a"))
    assert [(code, line, how) for code, line, _, how in found] == [("TSL202", 4, "certain")] * len(found)
    assert found
    assert not findings(ARRAY.format(write, "1"))
    assert not findings(ARRAY.format(write, "a").replace("from_numpy", "tensor"))


@pytest.mark.parametrize("asked", ["a.shape", "len(a)", "a.dtype", "a.ndim", "type(a)", "isinstance(a, np.ndarray)"])
def test_what_an_array_is_asked_without_a_look_at_its_elements(asked: str) -> None:
    assert not findings(ARRAY.format("t.add_(1)", asked))
    assert findings(ARRAY.format("t.add_(1)", f"{asked}, a.sum()"))


@pytest.mark.parametrize(
    "made",
    [
        "np.zeros(2)",
        "np.ones_like(b)",
        "np.full(2, 1.0)",
        "np.empty(2)",
        "np.frombuffer(memory)",
        "np.memmap(path)",
        "np.ndarray((2,), buffer=memory)",
    ],
)
def test_memory_that_is_there_to_be_written_to(made: str) -> None:
    assert not findings(ARRAY.format("t.add_(1)", "a").replace("np.array([1.0, 2.0])", made))


@pytest.mark.parametrize(
    "write",
    ["torch.from_numpy(a)[:] = 0", "torch.from_numpy(a).copy_(b)", "torch.add(b, 1, out=torch.from_numpy(a))"],
)
def test_what_has_no_name_is_reached_for_its_memory(write: str) -> None:
    assert not findings(ARRAY.format(write, "a"))


def test_the_result_of_a_method_that_works_in_place_is_wanted() -> None:
    assert codes(ARRAY.format("t = torch.from_numpy(a).mul_(2)", "a")) == ["TSL202"]


def test_the_evidence_of_a_write_says_where_the_sharing_began_and_who_looks() -> None:
    assert evidence(ARRAY.format("t.add_(1)", "a")) == ["3: `t` shares its memory", "5: `a` is read here"]


def test_a_copy_ends_the_sharing_where_it_began() -> None:
    assert "torch.from_numpy(a).clone()" in fixed(ARRAY.format("t.add_(1)", "a"))


BEFORE = """
net = nn.Linear(2, 2)
optimizer = torch.optim.SGD(net.parameters(), 0.1)
{}w = net.weight.detach().numpy()
{}optimizer.step()
{}print(w)
"""


def test_an_array_of_a_tensor_that_is_written_to_directly_afterwards() -> None:
    assert codes(BEFORE.format("", "", "")) == ["TSL202"]
    assert not codes(BEFORE.format("", "for _ in range(3):\n    ", "    "))
    assert not codes(BEFORE.format("for _ in range(3):\n    ", "    ", "    ").replace("optimizer.step()\n    ", ""))
    assert not codes(BEFORE.format("", "", "").replace("numpy()", "numpy().copy()"))


def test_what_is_compared_with_itself_is_reported_once() -> None:
    text = BEFORE.format("", "", "").replace("print(w)", "print(w - net.weight.detach().numpy())")
    assert codes(text) == ["TSL203"]


def test_an_optimizer_writes_to_the_array_that_its_parameter_was_made_of() -> None:
    assert codes("""
a = np.array([1.0, 2.0])
optimizer = torch.optim.SGD([nn.Parameter(torch.from_numpy(a))], 0.1)
optimizer.step()
print(a)
""") == ["TSL202"]


CALLER = """
def f({}):
    t = torch.from_numpy(a)
    t.add_(1)
    {}
"""


@pytest.mark.parametrize("parameter", ["a", "a: np.ndarray"])
def test_the_callers_array(parameter: str) -> None:
    assert findings(CALLER.format(parameter, "return t")) == [("TSL202", 4, 5, "certain")]
    assert not findings(CALLER.format(parameter, "return"))
    assert not findings(CALLER.format(parameter, "return None"))
    assert not findings(CALLER.format(parameter, "return t").replace("t.add_(1)", "t = t + 1"))


def test_a_function_that_gives_nothing_is_called_for_what_it_writes() -> None:
    text = CALLER.format("a", "{}") + "\nx = np.array([1.0])\nf(x)\nprint(x)\n"
    assert not findings(text.format("pass"))
    assert codes(text.format("return t")) == ["TSL202"]


DEVICE = """
def f(x: torch.Tensor):
    y = {}
    y += 1
    return {}
"""


@pytest.mark.parametrize(
    "made",
    ["x.cpu()", "x.to('cpu')", "x.detach().cpu().numpy()", "x.numpy(force=True)", "np.asarray(x.cpu())", "x.cpu()[0]"],
)
def test_a_write_that_reaches_the_tensor_only_on_the_cpu(made: str) -> None:
    assert findings(DEVICE.format(made, "x")) == [("TSL204", 4, 5, "likely")]
    assert findings(DEVICE.format(made, "y")) == [("TSL204", 4, 5, "likely")]
    assert not findings(DEVICE.format(f"copy.deepcopy({made})", "x"))
    assert not findings(DEVICE.format(made, "x").replace("y += 1", "y = y + 1"))


@pytest.mark.parametrize("code", ["TSL201", "TSL202", ""])
def test_on_a_known_device_memory_is_shared_for_certain_or_not_at_all(code: str) -> None:
    made = {"TSL201": "torch.rand(3)", "TSL202": "torch.from_numpy(a)", "": "torch.rand(3, device='cuda')"}[code]
    text = f"""
a = np.array([1.0, 2.0])
x = {made}
y = x.cpu(){".numpy()" if code != "TSL202" else ""}
y += 1
print(x, a)
"""
    assert codes(text) == [code] * bool(code)


def test_the_argument_that_is_moved_is_the_callers() -> None:
    text = """
def as_image(picture):
    image = picture.cpu().numpy()
    image *= 255
    {}
"""
    assert findings(text.format("return image")) == [("TSL204", 4, 5, "likely")]
    assert not findings(text.format("print(image)"))


def test_a_write_has_one_code() -> None:
    assert codes("""
def f(x: torch.Tensor):
    y = x.cpu()
    a = y.numpy()
    a += 1
    return x, y
""") == ["TSL204"]


MAYBE = """
a = np.load(path)
t = {}
t += 1
print({})
"""


@pytest.mark.parametrize(
    "made",
    [
        "torch.as_tensor(a, dtype=torch.float32)",
        "torch.Tensor(a)",
        "torch.from_numpy(a).float()",
        "torch.from_numpy(a).to(torch.float64)",
        "torch.from_numpy(a).contiguous()",
    ],
)
def test_a_write_that_reaches_the_array_for_some_dtypes_or_layouts(made: str) -> None:
    assert findings(MAYBE.format(made, "a")) == [("TSL205", 4, 1, "likely")]
    assert not findings(MAYBE.format(made, "t"))
    assert not findings(MAYBE.format(made, "a").replace("t += 1", "t = t + 1"))


def test_a_dtype_that_is_merely_not_followed_is_no_question_of_the_dtype() -> None:
    """``np.arange(3.0)`` is always float64, though that is not known here."""
    text = MAYBE.format("torch.from_numpy(a).float()", "a")
    assert not findings(text.replace("np.load(path)", "np.arange(n) * scale"))


def test_a_write_to_what_is_used_for_its_view_is_possible() -> None:
    text = MAYBE.format("torch.from_numpy(a).reshape(-1)", "a")
    assert not findings(text)
    assert codes(text, "possible") == ["TSL205"]


def test_of_two_arrays_nothing_is_said() -> None:
    assert not findings(MAYBE.format("np.asarray(a, dtype=np.float32)", "a"), "possible")


@pytest.mark.parametrize(
    ("made", "copied"),
    [
        ("x.cpu()", "x.cpu().clone()"),
        ("x.cpu().numpy()", "x.cpu().numpy().copy()"),
        ("x.numpy(force=True)", "x.numpy(force=True).copy()"),
        ("x.cpu()[0]", "x.cpu().clone()[0]"),
    ],
)
def test_a_copy_is_made_on_every_device(made: str, copied: str) -> None:
    assert f"y = {copied}\n" in fixed(DEVICE.format(made, "x"))


@pytest.mark.parametrize(
    ("after", "codes"),
    [
        ("", []),
        ("print(array.max())", []),
        ("np.savetxt(path, array)", ["TSL204"]),
        ("array.tofile(path)", ["TSL204"]),
        ("open(path, 'rb').close()", []),
        ("send_to_device(array)", []),
        ("save_for_later(array)", []),
        ("with open(path, 'wb') as file:\n        file.write(array.tobytes())", ["TSL204"]),
        ("cv2.imwrite(path, array)", ["TSL204"]),
    ],
)
def test_what_a_function_puts_into_a_file_is_its_result(after: str, codes: list[str]) -> None:
    text = f"""
def export(path, tensor: torch.Tensor):
    array = tensor.detach().cpu().numpy()
    array /= 2
    {after}
"""
    assert [code for code, *_ in findings(text)] == codes


@pytest.mark.parametrize("axis", ["None", "None, :", "..., None", "np.newaxis", ":, np.newaxis"])
def test_an_argument_with_one_more_axis_is_still_the_caller_s(axis: str) -> None:
    text = f"""
def scaled(image):
    if image.ndim == 2:
        image = image[{axis}]
    x = torch.from_numpy(image)
    x /= 255
    return x.mean()
"""
    assert findings(text) == [("TSL202", 6, 5, "certain")]
    assert not findings(text.replace("x /= 255", "x = x / 255"))
    names: dict = {"np": np, "torch": torch}
    exec(text, names)
    image = np.full((2, 2), 255.0)
    names["scaled"](image)
    assert (image == 1).all()
