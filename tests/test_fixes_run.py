"""What repairs come to when real torch runs them: what raised works, and gives the values that it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from handmade import Program

from tensorlint.fixes.chain import STYLES, complete_chain
from tensorlint.fixes.copies import copy_before_torch, copy_of_shared, copy_of_snapshot
from tensorlint.fixes.repair import Repair
from tensorlint.fixes.rewrites import assigned, compared_by_type
from tensorlint.flow.events import How
from tensorlint.flow.facts import NO, Truth
from tensorlint.flow.values import Array, Ref, Tensor

SETUP = """
import copy
import numpy as np
import torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
losses = [w.sum(), (w * 2).sum()]
array = np.array([3.0, 4.0], dtype=np.float32)
"""


def run(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(SETUP + text, names)
    return names


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("converting", "operand", "how", "in_container", "expected"),
    [
        ("w.numpy()", "w", How.NUMPY, False, [1, 2]),
        ("w.cpu().numpy()", "w.cpu()", How.NUMPY, False, [1, 2]),
        ("w.cpu().double().view(-1).numpy()", "w.cpu().double().view(-1)", How.NUMPY, False, [1, 2]),
        ("np.asarray(w)", "w", How.EXPLICIT, False, [1, 2]),
        ("np.array(w + 1, dtype=np.float64)", "w + 1", How.EXPLICIT, False, [2, 3]),
        ("np.from_dlpack(w)", "w", How.EXPLICIT, False, [1, 2]),
        ("np.array(losses)", "losses", How.EXPLICIT, True, [3, 6]),
        ("np.exp(w - w)", "w - w", How.IMPLICIT, False, [1, 1]),
        ("np.concatenate([w, w])", "[w, w]", How.IMPLICIT, True, [1, 2, 1, 2]),
        ("np.mean(losses)", "losses", How.IMPLICIT, True, 4.5),
        ("np.mean([loss * 2 for loss in losses])", "[loss * 2 for loss in losses]", How.IMPLICIT, True, 9),
        ("np.mean((losses[0], 5.0))", "losses[0], 5.0", How.IMPLICIT, True, 4),
        ("w * array", "w", How.IMPLICIT, False, [3, 8]),
        ("(w + 1) * array", "w + 1", How.IMPLICIT, False, [6, 12]),
    ],
)
def test_a_completed_chain_converts(
    converting: str, operand: str, how: How, in_container: bool, expected: list[float] | float, style: str
) -> None:
    program = Program(f"y = {converting}\n")
    with pytest.raises((RuntimeError, BufferError), match="require"):
        run(program.source.text)
    repair = complete_chain(program.conversion(converting, operand, how, in_container=in_container))
    assert repair is not None
    y = run(program.fixed(repair.in_style(style)))["y"]
    assert np.asarray(y).tolist() == expected


def test_a_completed_chain_shares_the_memory_that_the_conversion_shared() -> None:
    program = Program("x = torch.ones(2)\ny = x.numpy()\n")
    repair = complete_chain(program.conversion("x.numpy()", "x", grad=Truth.MAYBE, nth=1))
    names = run(program.fixed(repair))
    assert names["y"].ctypes.data == names["x"].data_ptr()


def after(text: str, repair: Callable[[Program], Repair | None], name: str) -> tuple[Any, Any]:
    """What ``name`` is after the program as it stands, and after the repaired one."""
    program = Program(text)
    return run(program.source.text)[name], run(program.fixed(repair(program)))[name]


def test_a_copy_at_the_conversion_ends_sharing() -> None:
    text = "x = torch.ones(2)\na = x.numpy()\na += 1\nx = x.tolist()\n"
    assert after(text, lambda p: copy_of_shared(p.write("a", "x.numpy()")), "x") == ([2.0, 2.0], [1.0, 1.0])
    text = "t = torch.from_numpy(array)\narray += 1\nt = t.tolist()\n"
    repaired = after(text, lambda p: copy_of_shared(p.write("array", "torch.from_numpy(array)")), "t")
    assert repaired == ([4.0, 5.0], [3.0, 4.0])


@pytest.mark.parametrize(
    ("kept", "alias"),
    [
        ("net.state_dict()", Tensor(requires_grad=NO)),
        ("net.state_dict()", Ref(1)),
        ("net.weight.detach()", Tensor(requires_grad=NO)),
        ("net.weight", Tensor()),
        ("net.weight.data.numpy()", Array()),
        ("[p.data for p in net.parameters()]", Ref(1)),
        ("{k: v for k, v in net.state_dict().items()}", Ref(1)),
        ("net.weight.detach().chunk(1)", Tensor(requires_grad=NO)),
    ],
)
def test_a_snapshot_stays_what_it_was(kept: str, alias: Any) -> None:
    text = (
        "net = torch.nn.Linear(1, 1, bias=False)\n"
        "for p in net.parameters(): p.data.fill_(1)\n"
        f"kept = {kept}\n"
        "for p in net.parameters(): p.data.fill_(2)\n"
        "kept = list(kept.values()) if isinstance(kept, dict) else kept\n"
        "kept = kept[0] if isinstance(kept, (list, tuple)) else kept\n"
        "kept = float(torch.as_tensor(kept).detach().reshape(-1)[0])\n"
    )
    assert after(text, lambda p: copy_of_snapshot(p.stale(kept, alias)), "kept") == (2.0, 1.0)


@pytest.mark.parametrize("call", ["torch.from_numpy", "torch.as_tensor", "torch.tensor"])
def test_a_copied_view_is_accepted(call: str) -> None:
    program = Program(f"t = {call}(array[::-1])\n")
    with pytest.raises(ValueError, match="negative"):
        run(program.source.text)
    repair = copy_before_torch(program.to_torch(f"{call}(array[::-1])", "array[::-1]", by=call))
    assert run(program.fixed(repair))["t"].tolist() == [4.0, 3.0]


@pytest.mark.parametrize(
    ("comparison", "text", "literal", "operator"),
    [
        ('device == "cuda"', '"cuda"', "cuda", "=="),
        ('device in ("cpu", "cuda")', None, None, "in"),
        ('device == "cuda:0"', '"cuda:0"', "cuda:0", "=="),
        ("device == name", "name", None, "=="),
    ],
)
def test_a_device_is_found_to_be_what_the_text_says(
    comparison: str, text: str | None, literal: str | None, operator: str
) -> None:
    program = f'name = "cuda"\ndevice = torch.device("cuda:0")\nsame = {comparison}\n'
    repaired = after(
        f"import torch\n{program}",
        lambda p: compared_by_type(_comparison(p, comparison, text, literal, operator)),
        "same",
    )
    assert repaired == (False, True)


def _comparison(program: Program, comparison: str, text: str | None, literal: str | None, operator: str) -> Any:
    event = program.comparison(comparison, "device", text, literal, operator)
    node = event.node
    return replace(event, device=node.left, text=node.comparisons[0].comparator if text is not None else None)


def test_an_assigned_result_is_seen() -> None:
    text = "x = torch.ones(2)\nx.double()\nis_double = x.dtype is torch.float64\n"
    assert after(text, lambda p: assigned(p.discarded("x.double()", "x", "double")), "is_double") == (False, True)
