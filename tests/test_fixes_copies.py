"""Copies where aliases are made, and the other repairs of one expression."""

from __future__ import annotations

import pytest
from handmade import Program

from tensorlint.finding import Applicability
from tensorlint.fixes.copies import copy_before_torch, copy_of_shared, copy_of_snapshot
from tensorlint.fixes.rewrites import assigned, compared_by_type
from tensorlint.flow.facts import NO, UNKNOWN, Truth
from tensorlint.flow.values import Array, Number, Ref, Tensor, Union, Unknown, Value


@pytest.mark.parametrize(
    ("conversion", "copied"),
    [
        ("t.numpy()", "t.numpy().copy()"),
        ("t.detach().cpu().numpy()", "t.detach().cpu().numpy().copy()"),
        ("np.asarray(t)", "np.asarray(t).copy()"),
        ("np.asarray(t, dtype=np.float32)", "np.asarray(t, dtype=np.float32).copy()"),
        ("torch.from_numpy(a)", "torch.from_numpy(a).clone()"),
        ("torch.as_tensor(a)", "torch.as_tensor(a).clone()"),
        ("torch.asarray(a)", "torch.asarray(a).clone()"),
        ("from_numpy(a)", "from_numpy(a).clone()"),
    ],
)
def test_sharing_ends_at_the_conversion(conversion: str, copied: str) -> None:
    program = Program(f"shared = {conversion}\nwrite(shared)\n")
    repair = copy_of_shared(program.write("write(shared)", conversion))
    assert repair is not None
    assert repair.applicability is Applicability.UNSAFE
    assert program.fixed(repair) == f"shared = {copied}\nwrite(shared)\n"


def test_no_copy_is_made_of_what_is_no_conversion() -> None:
    program = Program("shared = pick(t)\nwrite(shared)\n")
    assert copy_of_shared(program.write("write(shared)", "pick(t)")) is None


def test_a_conversion_in_another_file_is_not_touched() -> None:
    program, other = Program("write(shared)\n"), Program("shared = t.numpy()\n", "other.py")
    event = program.write("write(shared)", "shared")
    from dataclasses import replace

    assert copy_of_shared(replace(event, shared_at=other.place("t.numpy()"))) is None


DETACHED, LEARNT = Tensor(requires_grad=NO), Tensor(requires_grad=UNKNOWN)


@pytest.mark.parametrize(
    ("written", "alias", "copied"),
    [
        ("w.detach().numpy()", Array(), "w.detach().numpy().copy()"),
        ("buffer", Array(), "buffer.copy()"),
        ("a + b", Array(), "(a + b).copy()"),
        ("w.detach()", DETACHED, "w.detach().clone()"),
        ("net.weight", LEARNT, "net.weight.detach().clone()"),
        ("w.data", DETACHED, "w.data.clone()"),
        ("[p.data for p in ps]", Ref(1), "[p.data.clone() for p in ps]"),
        ("[p.numpy() for p in ps]", Ref(1), "[p.numpy().copy() for p in ps]"),
        ("{k: v.cpu() for k, v in sd.items()}", Ref(1), "{k: v.cpu().clone() for k, v in sd.items()}"),
        ("{k: v for k, v in sd.items()}", Ref(1), "{k: v.clone() for k, v in sd.items()}"),
    ],
)
def test_a_snapshot_is_copied_as_its_kind_is(written: str, alias: Value, copied: str) -> None:
    program = Program(f"kept = {written}\n")
    repair = copy_of_snapshot(program.stale(written, alias))
    assert repair is not None
    assert repair.applicability is Applicability.UNSAFE
    assert program.fixed(repair) == f"kept = {copied}\n"


@pytest.mark.parametrize(
    ("imports", "fixed_imports", "function"),
    [
        ("import copy\n", "import copy\n", "copy.deepcopy"),
        ("import copy as c\n", "import copy as c\n", "c.deepcopy"),
        ("from copy import deepcopy\n", "from copy import deepcopy\n", "deepcopy"),
        ("from copy import deepcopy as dc\n", "from copy import deepcopy as dc\n", "dc"),
        ("import torch\n", "import copy\n\nimport torch\n", "copy.deepcopy"),
    ],
)
def test_a_state_dict_is_copied_deeply_by_the_name_that_the_file_has(
    imports: str, fixed_imports: str, function: str
) -> None:
    program = Program(f"{imports}best = net.state_dict()\n")
    repair = copy_of_snapshot(program.stale("net.state_dict()", Ref(1)))
    assert program.fixed(repair) == f"{fixed_imports}best = {function}(net.state_dict())\n"


@pytest.mark.parametrize("alias", [Number(), Union((Array(), Tensor())), Tensor(opaque=True)])
def test_what_cannot_be_copied_by_one_method_gets_no_fix(alias: Value) -> None:
    program = Program("kept = f(x)\n")
    assert copy_of_snapshot(program.stale("f(x)", alias)) is None


@pytest.mark.parametrize("container", ["net.state_dict()", "x.split(2)", "torch.unbind(x)"])
def test_an_alias_that_came_in_a_container_is_copied_with_it(container: str) -> None:
    program = Program(f"import copy\nkept = {container}\n")
    repair = copy_of_snapshot(program.stale(container, DETACHED))
    assert program.fixed(repair) == f"import copy\nkept = copy.deepcopy({container})\n"


def test_a_container_of_what_may_be_computed_from_parameters_cannot_be_copied_deeply() -> None:
    program = Program("import copy\nkept = x.split(2)\n")
    assert copy_of_snapshot(program.stale("x.split(2)", LEARNT)) is None


def test_an_unknown_value_is_copied_deeply() -> None:
    program = Program("import copy\nkept = f(x)\n")
    repair = copy_of_snapshot(program.stale("f(x)", Unknown()))
    assert program.fixed(repair) == "import copy\nkept = copy.deepcopy(f(x))\n"


@pytest.mark.parametrize(
    ("operand", "copied"),
    [
        ("a[::-1]", "a[::-1].copy()"),
        ("np.flip(a)", "np.flip(a).copy()"),
        ("a if c else a[::-1]", "(a if c else a[::-1]).copy()"),
        ("[a[::-1] for a in arrays]", "[a[::-1].copy() for a in arrays]"),
    ],
)
def test_an_array_is_copied_before_torch_is_given_it(operand: str, copied: str) -> None:
    program = Program(f"t = torch.from_numpy({operand})\n")
    repair = copy_before_torch(program.to_torch(f"torch.from_numpy({operand})", operand))
    assert repair is not None
    assert repair.applicability is Applicability.SAFE
    assert program.fixed(repair) == f"t = torch.from_numpy({copied})\n"


@pytest.mark.parametrize(
    ("by", "truth", "always", "applicability"),
    [
        ("torch.from_numpy", Truth.YES, True, Applicability.SAFE),
        ("torch.from_numpy", Truth.MAYBE, True, Applicability.UNSAFE),
        ("torch.from_numpy", Truth.YES, False, Applicability.UNSAFE),
        ("torch.tensor", Truth.MAYBE, True, Applicability.SAFE),
    ],
)
def test_a_copy_that_may_end_sharing_is_unsafe(
    by: str, truth: Truth, always: bool, applicability: Applicability
) -> None:
    program = Program("t = make(a)\n")
    repair = copy_before_torch(program.to_torch("make(a)", "a", truth=truth, always=always, by=by))
    assert repair is not None
    assert repair.applicability is applicability


@pytest.mark.parametrize(
    ("comparison", "device", "text", "literal", "operator", "fixed"),
    [
        ('x.device == "cuda"', "x.device", '"cuda"', "cuda", "==", 'x.device.type == "cuda"'),
        ('"cpu" != dev', "dev", '"cpu"', "cpu", "!=", '"cpu" != dev.type'),
        ('dev in ("cpu", "mps")', "dev", None, None, "in", 'dev.type in ("cpu", "mps")'),
        ('dev == "cuda:1"', "dev", '"cuda:1"', "cuda:1", "==", 'dev == torch.device("cuda:1")'),
        ("dev == name", "dev", "name", None, "==", "dev.type == torch.device(name).type"),
        (
            "(name or other) != dev",
            "dev",
            "name or other",
            None,
            "!=",
            "torch.device((name or other)).type != dev.type",
        ),
        ('(a or b) == "cpu"', "a or b", '"cpu"', "cpu", "==", '(a or b).type == "cpu"'),
        ('a.device == dev == "cpu"', "dev", '"cpu"', "cpu", "==", 'a.device.type == dev.type == "cpu"'),
    ],
)
def test_a_device_is_compared_by_its_type_or_as_a_device(
    comparison: str, device: str, text: str | None, literal: str | None, operator: str, fixed: str
) -> None:
    program = Program(f"import torch\nsame = {comparison}\n")
    repair = compared_by_type(program.comparison(comparison, device, text, literal, operator))
    assert repair is not None
    assert repair.applicability is Applicability.UNSAFE
    assert program.fixed(repair) == f"import torch\nsame = {fixed}\n"


@pytest.mark.parametrize(
    ("comparison", "text", "literal", "operator"),
    [
        ('dev in ("cpu", "cuda:0")', None, None, "in"),
        ("dev in names", "names", None, "in"),
        ('dev == "GPU 0"', '"GPU 0"', "GPU 0", "=="),
        ('a.device == dev == "cuda:0"', '"cuda:0"', "cuda:0", "=="),
        ('wanted == dev == "cpu"', '"cpu"', "cpu", "=="),
    ],
)
def test_a_comparison_that_no_small_edit_mends_is_left(
    comparison: str, text: str | None, literal: str | None, operator: str
) -> None:
    program = Program(f"import torch\nsame = {comparison}\n")
    assert compared_by_type(program.comparison(comparison, "dev", text, literal, operator)) is None


@pytest.mark.parametrize(
    ("imports", "fixed"),
    [
        ("import torch as th\n", "th.device(name)"),
        ("from torch import device as D\n", "D(name)"),
        ("import torch.nn\n", "torch.device(name)"),
    ],
)
def test_torch_is_called_as_the_file_calls_it(imports: str, fixed: str) -> None:
    program = Program(f"{imports}same = dev == name\n")
    repair = compared_by_type(program.comparison("dev == name", "dev", "name", None))
    assert program.fixed(repair) == f"{imports}same = dev.type == {fixed}.type\n"


@pytest.mark.parametrize(
    "text",
    [
        "same = dev == name\n",
        "from torch import nn\nsame = dev == name\n",
        "from torch import device\n\ndef f(dev, name, device):\n    return dev == name\n",
        "try:\n    import torch\nexcept ImportError:\n    torch = None\nsame = dev == name\n",
        "from torch import *\nsame = dev == name\n",
    ],
)
def test_torch_is_never_imported_anew_and_a_name_with_two_meanings_is_not_used(text: str) -> None:
    program = Program(text)
    repair = compared_by_type(program.comparison("dev == name", "dev", "name", None))
    assert repair is not None
    assert program.fix(repair) is None


@pytest.mark.parametrize("receiver", ["x", "self.x", 'batch["x"]', "self.batches[0].x"])
def test_a_dropped_result_is_assigned(receiver: str) -> None:
    program = Program(f"def f(self, x, batch):\n    {receiver}.cpu()\n    return x\n")
    repair = assigned(program.discarded(f"{receiver}.cpu()", receiver, "cpu"))
    assert repair is not None
    assert repair.applicability is Applicability.UNSAFE
    assert program.fixed(repair) == f"def f(self, x, batch):\n    {receiver} = {receiver}.cpu()\n    return x\n"


def test_nothing_is_assigned_to_a_call() -> None:
    program = Program("f(x).cpu()\n")
    assert assigned(program.discarded("f(x).cpu()", "f(x)", "cpu", assignable=False)) is None


@pytest.mark.parametrize(
    ("text", "has_fix"),
    [
        ("x.cpu()\n", True),
        ("def f():\n    x.cpu()\n", False),
        ("def f():\n    x = g()\n    x.cpu()\n", True),
        ("def f():\n    global x\n    x.cpu()\n", True),
        ("def f(*x):\n    x.cpu()\n", True),
        ("def f():\n    for i, (x, y) in g():\n        x.cpu()\n", True),
        ("def f():\n    with g() as x:\n        x.cpu()\n", True),
        ("def f(x):\n    def g():\n        x.cpu()\n", False),
        ("def f():\n    [x for x in g()]\n    x.cpu()\n", False),
        ("def f():\n    def g(x):\n        x = 1\n    x.cpu()\n", False),
        ("class A:\n    x.cpu()\n", True),
    ],
)
def test_an_assignment_that_would_make_an_outer_name_local_is_not_written(text: str, has_fix: bool) -> None:
    program = Program(text)
    fix = program.fix(assigned(program.discarded("x.cpu()", "x", "cpu")))
    assert (fix is not None) is has_fix
