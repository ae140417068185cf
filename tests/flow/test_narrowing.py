"""What the outcome of a test tells: isinstance, None, requires_grad, is_cuda, device, dtype, plain conditions."""

from __future__ import annotations

import pytest
from reveal import findings, reveal, reveals

TENSORS = [
    "isinstance(x, torch.Tensor)",
    "isinstance(x, (torch.Tensor, nn.Parameter))",
    "torch.is_tensor(x)",
    "type(x) is torch.Tensor",
    "type(x) == torch.Tensor",
    "hasattr(x, 'detach')",
    "type(x).__module__.startswith('torch')",
    "not isinstance(x, np.ndarray)",
]


@pytest.mark.parametrize("test", TENSORS)
def test_a_type_test_tells_tensors_from_arrays(test: str) -> None:
    tensor, array = reveals(f"""
x = torch.ones(3, requires_grad=True) if flag() else np.ones(3)
if {test}:
    reveal(x)
else:
    reveal(x)
""")
    assert (tensor.kind, array.kind) == ("Tensor", "Array")


@pytest.mark.parametrize("test", ["isinstance(x, torch.Tensor)", "torch.is_tensor(x)", "isinstance(x, nn.Parameter)"])
def test_a_parameter_that_passed_a_type_test_is_a_tensor_of_which_nothing_is_known(test: str) -> None:
    x, other = reveals(f"""
def f(x):
    if {test}:
        reveal(x)
    else:
        reveal(x)
""")
    assert (x.kind, x.requires_grad, x.device) == ("Tensor", "unknown", "unknown")
    assert x.why("kind") == ["3: `x` is a Tensor here"]
    assert other.kind == "Unknown"


def test_the_right_side_of_and_knows_what_the_left_side_found() -> None:
    x = reveal("""
x = torch.ones(3) if flag() else None
if x is not None and reveal(x):
    pass
""")
    assert x.kind == "Tensor"


def test_or_is_narrowed_where_both_sides_failed() -> None:
    x = reveal("""
x = torch.ones(3) if flag() else None
if x is None or stop():
    pass
else:
    reveal(x)
""")
    assert x.kind == "Tensor"


def test_none_is_ruled_out_and_in() -> None:
    is_none, is_not = reveals("""
x = None
if flag():
    x = torch.ones(3)
if x is None:
    reveal(x)
if x is not None:
    reveal(x)
""")
    assert (is_none.kind, is_not.kind) == ("None", "Tensor")


def test_a_falsy_constant_is_ruled_out_by_truth() -> None:
    x = reveal("""
x = None
if flag():
    x = nn.Linear(2, 2)
if x:
    reveal(x)
""")
    assert x.kind == "module"


def test_a_raise_an_assert_and_a_return_narrow_what_follows() -> None:
    raised, asserted, returned = reveals("""
def f(a, b, c):
    if not isinstance(a, np.ndarray):
        raise TypeError
    assert isinstance(b, torch.Tensor)
    if torch.is_tensor(c):
        return
    reveal(a, b, c)
""")
    assert (raised.kind, asserted.kind, returned.kind) == ("Array", "Tensor", "Unknown")


def test_requires_grad_is_known_where_it_was_tested() -> None:
    on, off = reveals("""
x = torch.ones(3, requires_grad=flag())
if x.requires_grad:
    reveal(x)
else:
    reveal(x)
""")
    assert (on.requires_grad, off.requires_grad) == ("yes", "no")


def test_a_guard_by_requires_grad_silences() -> None:
    assert not findings(
        """
def to_array(x: torch.Tensor):
    if x.requires_grad:
        x = x.detach()
    if x.is_cuda:
        x = x.cpu()
    return x.numpy()
""",
        "possible",
    )


@pytest.mark.parametrize(
    ("test", "where", "elsewhere"),
    [
        ("x.is_cuda", "yes", "no"),
        ("not x.is_cuda", "no", "yes"),
        ("x.device.type == 'cuda'", "maybe", "no"),
        ("x.device.type != 'cuda'", "no", "maybe"),
        ("x.device.type == 'cpu'", "no", "maybe"),
        ("x.device == torch.device('cpu')", "no", "maybe"),
        ("x.device != torch.device('cpu')", "maybe", "no"),
    ],
)
def test_the_device_is_known_where_it_was_tested(test: str, where: str, elsewhere: str) -> None:
    there, not_there = reveals(f"""
def f(x: torch.Tensor):
    if {test}:
        reveal(x)
    else:
        reveal(x)
""")
    assert (there.device, not_there.device) == (where, elsewhere)


def test_a_torch_device_never_equals_a_string_so_that_path_is_dead() -> None:
    (x,) = reveals("""
x = torch.ones(3)
if x.device == "cuda":
    reveal(x)
else:
    reveal(x)
""")
    assert x.device == "no"


def test_text_is_compared_by_value() -> None:
    x = reveal("""
kind = "array" if flag() else "tensor"
x = torch.ones(3)
if kind == "array":
    reveal(kind)
""")
    assert x.kind == "'array'"


def test_a_conditional_expression_narrows_its_sides() -> None:
    assert not findings("""
def f(x):
    y = nn.Linear(2, 2)(x) if x is not None else np.ones(2)
    return y.detach().numpy() if isinstance(y, torch.Tensor) else np.asarray(y)
""")


def test_an_instance_of_a_class_of_the_project_is_recognised() -> None:
    x = reveal("""
class Batch:
    x: torch.Tensor

def f(batch):
    if isinstance(batch, Batch):
        reveal(batch.x)
""")
    assert x.kind == "Tensor"


def test_a_walrus_narrows_its_name() -> None:
    x = reveal("""
def load():
    return torch.ones(3) if flag() else None

if (x := load()) is not None:
    reveal(x)
""")
    assert x.kind == "Tensor"


def test_a_device_is_no_string() -> None:
    assert not findings("""
def place(device_map):
    device_map = torch.device("cpu")
    if isinstance(device_map, str) and device_map == "cuda":
        print(device_map)
""")


def test_a_branch_for_another_framework_says_nothing_of_torch() -> None:
    assert not findings("""
def run(framework, x):
    model = nn.Linear(2, 2)
    if framework == "tf":
        out = model(x)
    else:
        with torch.no_grad():
            out = model(x)
    return out.numpy()
""")


@pytest.mark.parametrize("module", ["collections.abc", "typing"])
@pytest.mark.parametrize(
    ("name", "left"), [("Mapping", "Array | Tensor | list"), ("Sequence", "Array | Tensor | dict")]
)
def test_abstract_classes_of_containers_tell_containers_apart(module: str, name: str, left: str) -> None:
    kept = reveal(f"""
from {module} import {name}
x = torch.ones(3) if flag() else np.ones(3) if flag() else [] if flag() else {{}}
if not isinstance(x, {name}):
    reveal(x)
""")
    assert kept.kind == left


def test_what_is_not_torch_is_another_framework() -> None:
    text = """
class Pipeline:
    def __init__(self, net: nn.Module, framework):
        self.net, self.framework = net, framework
    def run(self, x):
        out = self.net(x)
        if self.framework == "pt":
            out = out.detach()
        return out.numpy()
"""
    assert not findings(text)
    assert findings(text.replace('"pt"', '"fast"')) == [("TSL101", 9, 16, "likely")]
