"""Functions that call themselves for the parts of what they are given."""

from __future__ import annotations

import pytest
from reveal import findings, reveal, reveals

MOVE = """
def move(obj, device):
    if isinstance(obj, torch.Tensor):
        return obj.to(device)
    if isinstance(obj, dict):
        return {key: move(value, device) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        return type(obj)(move(value, device) for value in obj)
    return obj
"""
LOOPS = """
def move(obj, device):
    if torch.is_tensor(obj):
        return obj.to(device)
    elif isinstance(obj, dict):
        res = {}
        for k, v in obj.items():
            res[k] = move(v, device)
        return res
    elif isinstance(obj, list):
        res = []
        for v in obj:
            res.append(move(v, device))
        return res
    elif isinstance(obj, tuple):
        return tuple([move(v, device) for v in obj])
    else:
        return obj
"""
APPLY = """
def apply(function, obj):
    if isinstance(obj, dict):
        return {key: apply(function, value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        return [apply(function, value) for value in obj]
    return function(obj) if torch.is_tensor(obj) else obj

def move(obj, device):
    return apply(lambda x: x.to(device), obj)
"""
MAPPED = """
from collections.abc import Mapping
def move(obj, device):
    if isinstance(obj, (list, tuple)):
        return list(map(lambda part: move(part, device), obj))
    if isinstance(obj, Mapping):
        return dict((k, move(v, device)) for k, v in obj.items())
    return obj.to(device) if isinstance(obj, torch.Tensor) else obj
"""
METHOD = """
class Mover:
    def __call__(self, obj, device):
        if isinstance(obj, (list, tuple)):
            return [self(part, device) for part in obj]
        if isinstance(obj, dict):
            return {k: self(v, device) for k, v in obj.items()}
        return obj.to(device) if isinstance(obj, torch.Tensor) else obj

move = Mover()
"""


@pytest.mark.parametrize("move", [MOVE, LOOPS, APPLY, MAPPED, METHOD])
@pytest.mark.parametrize(
    ("made", "taken"),
    [
        ("x", "moved"),
        ("{'a': x, 'n': 1}", "moved['a']"),
        ("[x, x]", "moved[0]"),
        ("(x, [x])", "moved[0]"),
        ("{'a': {'b': x}}", "moved['a']['b']"),
        ("{'a': [x, x]}", "moved['a'][1]"),
        ("[{'a': x}, {'a': x}]", "moved[1]['a']"),
    ],
)
def test_the_parts_of_a_structure_are_moved(move: str, made: str, taken: str) -> None:
    assert reveal(f"{move}\nx = torch.ones(3)\nmoved = move({made}, 'cuda')\nreveal({taken})\n").device == "yes"


@pytest.mark.parametrize("move", [MOVE, LOOPS])
def test_what_is_no_tensor_stays_as_it_is(move: str) -> None:
    tensor, number, text = reveals(
        f"{move}\nmoved = move({{'a': torch.ones(3), 'n': 7, 't': ('b', 2)}}, 'cuda')\n"
        "reveal(moved['a'], moved['n'], moved['t'])\n"
    )
    assert (tensor.device, number.kind) == ("yes", "7")
    assert text.kind in ("tuple", "Tuple", "list")


@pytest.mark.parametrize("move", [MOVE, LOOPS, APPLY])
@pytest.mark.parametrize(
    "start", ["for batch in torch.utils.data.DataLoader(dataset()):", "def f(batch):"], ids=["loaded", "given"]
)
@pytest.mark.parametrize("entry", ["batch['x']", "batch[0]", "batch"])
def test_a_batch_that_is_not_seen_being_made_is_moved(move: str, start: str, entry: str) -> None:
    text = f"{move}\n{start}\n    batch = move(batch, 'cuda')\n    print({entry}.{{back}}numpy())\n"
    assert [code for code, _, _, _ in findings(text.replace("{back}", ""))] == ["TSL102"]
    assert not findings(text.replace("{back}", "cpu()."))


TO_NUMPY = """
def to_numpy(obj):
    if isinstance(obj, torch.Tensor):
        return obj{way}.numpy()
    if isinstance(obj, dict):
        return {k: to_numpy(v) for k, v in obj.items()}
    if isinstance(obj, (list, tuple)):
        return [to_numpy(v) for v in obj]
    return obj

to_numpy({'a': [nn.Linear(2, 2)(torch.ones(2))], 'b': 'c'})
"""


@pytest.mark.parametrize(("way", "codes"), [("", ["TSL101"]), (".detach()", []), (".detach().cpu()", [])])
def test_a_structure_is_converted(way: str, codes: list[str]) -> None:
    assert [code for code, _, _, _ in findings(TO_NUMPY.replace("{way}", way))] == codes


def test_a_structure_is_brought_back() -> None:
    assert not findings(f"{MOVE}\nx = move({{'a': [torch.ones(3).cuda()]}}, 'cpu')\nprint(x['a'][0].numpy())\n")


def test_numbers_and_modules_are_not_followed_down() -> None:
    value = reveal("""
def power(x, n):
    return x if n == 0 else power(x * 2, n - 1)

reveal(power(torch.ones(3), 5))
""")
    assert value.kind in ("Tensor", "Tensor | Unknown")
