"""A module by its use: methods that nothing else has, called as nothing else is called."""

from __future__ import annotations

import libcst as cst
import pytest

from tensorlint.flow.machine import Machine
from tensorlint.flow.use import modules_by_use
from tensorlint.library.tables import library


def used(text: str) -> frozenset[str]:
    machine = Machine(library(), None, lambda event: None, 0)  # type: ignore[arg-type]
    return modules_by_use(machine, cst.parse_module(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("net.eval()", {"net"}),
        ("self.net.train()", {"self.net"}),
        ("net.train(False)", {"net"}),
        ("net.train(mode)", {"net"}),
        ("Adam(net.parameters())", {"net"}),
        ("for n, p in a.b.named_parameters(): pass", {"a.b"}),
        ("[m for m in net.modules()]", {"net"}),
        ("frame.eval('a + b')", set()),
        ("booster.train(data)", set()),
        ("model(x)", set()),
        ("model.fit(x)", set()),
        ("make().eval()", set()),
        ("parameters()", set()),
    ],
)
def test_what_is_done_with_a_name_tells_a_module(text: str, names: set[str]) -> None:
    assert used(text) == names
