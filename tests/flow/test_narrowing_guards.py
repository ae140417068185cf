"""What the outcome of a test tells that is a function of the project."""

from __future__ import annotations

import pytest
from reveal import findings, reveal, reveals

GUARDS = [
    "return isinstance(x, np.ndarray)",
    "return not torch.is_tensor(x)",
    "'''Whether it is.'''\n    return type(x) is np.ndarray",
    "import numpy\n    return isinstance(x, numpy.ndarray)",
    "return False if not available() else isinstance(x, np.ndarray)",
    "return available() and isinstance(x, np.ndarray)",
    "if isinstance(x, np.ndarray):\n        return True\n    return False",
    "if not isinstance(x, np.ndarray):\n        return False\n    return True",
    "if torch.is_tensor(x): return False\n    return isinstance(x, np.ndarray)",
    "return is_one(x)",
]
IS_ONE = "def is_one(x):\n    return isinstance(x, np.ndarray)\n"


@pytest.mark.parametrize("body", GUARDS)
def test_a_function_that_tests_its_argument_narrows_it(body: str) -> None:
    array = reveal(f"""
def is_array(x):
    {body}
{IS_ONE}
x = torch.ones(3) if flag() else np.ones(3)
if is_array(x):
    reveal(x)
""")
    assert array.kind == "Array"


@pytest.mark.parametrize("body", [body for body in GUARDS if "available" not in body])
def test_where_it_says_no_the_argument_is_none(body: str) -> None:
    tensor = reveal(f"""
def is_array(x):
    {body}
{IS_ONE}
x = torch.ones(3) if flag() else np.ones(3)
if not is_array(x):
    reveal(x)
""")
    assert tensor.kind == "Tensor"


@pytest.mark.parametrize(
    "body",
    [
        "print(x)\n    return isinstance(x, np.ndarray)",
        "x = wrapped(x)\n    return isinstance(x, np.ndarray)",
        "for _ in range(3):\n        return isinstance(x, np.ndarray)",
        "return isinstance(y, np.ndarray)",
        "return available() or isinstance(x, np.ndarray)",
        "yield isinstance(x, np.ndarray)",
    ],
)
def test_what_else_a_function_does_tells_nothing(body: str) -> None:
    x = reveal(f"""
def is_array(x):
    {body}
x = torch.ones(3) if flag() else np.ones(3)
if is_array(x):
    reveal(x)
""")
    assert x.kind == "Array | Tensor"


def test_methods_test_as_functions_do() -> None:
    static, bound = reveals("""
class Checks:
    @staticmethod
    def is_array(x):
        return isinstance(x, np.ndarray)

    def is_tensor_of_torch(self, x):
        return isinstance(x, torch.Tensor)

    def run(self):
        x = torch.ones(3) if flag() else np.ones(3)
        if self.is_array(x):
            reveal(x)
        if self.is_tensor_of_torch(x):
            reveal(x)
Checks().run()
""")
    assert (static.kind, bound.kind) == ("Array", "Tensor")


def test_one_of_several_tests_holds() -> None:
    x = reveal("""
def is_array(x):
    return isinstance(x, np.ndarray)
def is_none(x):
    return x is None
x = torch.ones(3) if flag() else None if flag() else np.ones(3)
for test in (is_array, is_none):
    if test(x):
        pass
test = is_array if flag() else is_none
if test(x):
    reveal(x)
""")
    assert x.kind == "Array | None"


def test_a_test_that_calls_itself_ends() -> None:
    assert (
        reveal("""
def is_nested(x):
    return is_nested(x[0]) if isinstance(x, list) else isinstance(x, np.ndarray)
x = torch.ones(3) if flag() else np.ones(3)
if is_nested(x):
    reveal(x)
""").kind
        == "Array"
    )


TABLE = """
from PIL import Image
def is_torch(x):
    return isinstance(x, torch.Tensor)
def is_numpy(x):
    return {test}
TESTS = {{"pt": is_torch, "np": is_numpy}}
TO_NUMPY = {{"pt": lambda x: x.detach().cpu().numpy(), "np": lambda x: np.asarray(x)}}
def to_numpy(x):
    for name, test in TESTS.items():
        if test(x):
            return TO_NUMPY[name](x)
    return np.array(x)
def load():
    return torch.from_numpy(to_numpy(Image.new("L", (4, 4))))
"""


def test_a_table_of_tests_lets_nothing_through_that_passes_none() -> None:
    assert not findings(TABLE.format(test="isinstance(x, np.ndarray)"))


@pytest.mark.parametrize("test", ["isinstance(x, Image.Image)", "hasattr(x, '__array_interface__')"])
def test_a_table_of_tests_lets_through_what_passes_one(test: str) -> None:
    assert [code for code, *_ in findings(TABLE.format(test=test))] == ["TSL207"]


def test_an_object_of_one_library_is_none_of_another() -> None:
    assert (
        len(
            reveals("""
import pandas as pd, jax.numpy as jnp, collections
x = pd.Series([1.0])
if isinstance(x, (np.ndarray, torch.Tensor, jnp.ndarray)):
    reveal(x)
if isinstance(x, pd.Series):
    reveal(x)
if isinstance(x, collections.abc.Sized):
    reveal(x)
""")
        )
        == 2
    )


def test_what_a_test_makes_of_an_argument_is_there_after_it() -> None:
    guarded, every = reveals("""
class Sample:
    image: torch.Tensor
def is_sample(x):
    return isinstance(x, Sample)
def f(x, unknown):
    if is_sample(x):
        reveal(x.image)
    values = [unknown for _ in range(9)]
    if all(isinstance(v, Sample) for v in values):
        reveal(values[0].image)
""")
    assert (guarded.kind, every.kind) == ("Tensor", "Tensor")
