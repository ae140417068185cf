"""A module by its use: methods that nothing else has, called as nothing else is called."""

from __future__ import annotations

import libcst as cst
import pytest

from tensorlint.flow.definitions import read_file
from tensorlint.flow.use import modules_by_use


def used(text: str) -> frozenset[str]:
    return modules_by_use(read_file("program.py", cst.parse_module(text), text))


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


def test_what_a_class_does_with_an_attribute_holds_in_all_its_methods() -> None:
    text = "class C:\n    def a(self, x):\n        self.net.eval()\n        x.eval()\n    def b(self): pass\n"
    model = read_file("program.py", cst.parse_module(text), text)
    assert modules_by_use(model.classes[0].methods["b"]) == {"self.net"}
