"""The rules' pages: their form, and their programs as linted and as run by torch."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tensorlint.linter import lint
from tensorlint.rules.base import Rule
from tensorlint.rules.page import HEADINGS, page, parse
from tensorlint.rules.registry import rules
from tensorlint.settings import Selection, Settings
from tensorlint.source import Source

PAGES = [(each, page(each)) for each in rules()]
EXAMPLES = [
    pytest.param(each, text, id=f"{each.code}-{number}")
    for each, its in PAGES
    for number, text in enumerate(its.examples)
]
INSTEAD = [
    pytest.param(each, text, id=f"{each.code}-{number}")
    for each, its in PAGES
    for number, text in enumerate(its.instead)
]


@pytest.mark.parametrize("each", rules(), ids=lambda each: each.code)
def test_a_page_is_complete(each: Rule) -> None:
    its = page(each)
    assert [heading for heading, _ in its.sections] == list(HEADINGS)
    assert its.summary
    assert not its.summary.endswith(".")
    assert its.examples
    assert its.instead
    assert "torch 2.13" in its.section("Observed")
    assert re.search(r"\b(un)?safe\b", its.section("Fix safety"), re.IGNORECASE)


@pytest.mark.parametrize(("each", "text"), EXAMPLES)
def test_an_example_is_found_by_its_rule_alone(each: Rule, text: str) -> None:
    found = lint(Source(text.encode(), "example.py"), with_rule(each))
    assert {finding.code for finding in found} == {each.code}


@pytest.mark.parametrize(("each", "text"), INSTEAD)
def test_what_to_use_instead_is_found_by_no_rule(each: Rule, text: str) -> None:
    assert lint(Source(text.encode(), "example.py"), with_rule(each)) == []


def with_rule(each: Rule) -> Settings:
    """The rules that are on by default, and this one."""
    return Settings((Selection(extend_select=(each.code,)),))


# What torch does with the examples, as an expression over the names that they define. A GPU is played by the `meta`
# device, which refuses to be converted as CUDA does.
RAISES = {
    "TSL101": "RuntimeError: Can't call numpy() on Tensor that requires grad",
    "TSL102": "TypeError: can't convert meta device type tensor to numpy. Use Tensor.cpu()",
    "TSL103": "RuntimeError: Can't call numpy() on Tensor that has conjugate bit set",
    "TSL104": "TypeError: Got unsupported ScalarType BFloat16",
    "TSL105": "TypeError: can't convert Sparse",
    "TSL505": "RuntimeError: Tensor.item() cannot be called on meta tensors",
    "TSL106": "TypeError: ",
    "TSL107": "TypeError: ",
    "TSL108": "RuntimeError: Can't call numpy() on Tensor that requires grad",
    "TSL301": "ValueError: At least one stride in the given numpy array is negative",
    "TSL302": "TypeError: can't convert np.ndarray of type numpy.",
    "TSL303": "TypeError: expected np.ndarray (got ",
    "TSL304": "RuntimeError",
    "TSL308": "RuntimeError: Only Tensors of floating point and complex dtype can require gradients",
}
ANEW = (
    "torch.autograd.grad(torch.func.functional_call(net, {{k: v / {0} for k, v in net.named_parameters()}}, (x,))"
    ".pow(2).mean(), net[0].weight)[0] * {0}"
)
"""The gradient of the weights as they were before they were multiplied by a factor."""
MISBEHAVES = {
    ("TSL108", 0): "to_array(torch.ones(2, requires_grad=True))",
    ("TSL305", 0): "tensor.dtype is torch.float32 and counts.dtype == np.int64",
    ("TSL306", 0): "batch.shape == (4, 3)",
    ("TSL307", 0): "isinstance(x, torch.Tensor) and y.data_ptr() != x.data_ptr()",
    ("TSL201", 0): "x.tolist() == [1.0, 2.0, 3.0]",
    ("TSL201", 1): "(t := torch.ones(2), as_percent(t)) and t.tolist() == [100.0, 100.0]",
    ("TSL202", 0): "a.tolist() == [1.0, 2.0, 3.0]",
    ("TSL202", 1): "(v := np.array([1.0, 3.0]), centred(v)) and v.tolist() == [-1.0, 1.0]",
    ("TSL204", 0): "positive(torch.tensor([-1.0, 1.0]))[1].tolist() == [0.0, 1.0]",
    ("TSL204", 1): "(t := torch.tensor([-1.0, 2.0]), as_image(t)) and t.tolist() == [0.0, 1.0]",
    ("TSL205", 0): "error_of_noise(torch.ones(3, dtype=torch.float64)) == 0",
    ("TSL205", 1): "(i := np.full(2, 255, dtype=np.float32), brightness(i)) and i.tolist() == [1.0, 1.0]",
    ("TSL203", 0): "best['weight'].data_ptr() == net.weight.data_ptr()",
    ("TSL203", 1): "all((each == history[-1]).all() for each in history)",
    ("TSL206", 0): "padded(3, 2)[:, -1].tolist() == [1.0, 1.0]",
    ("TSL206", 1): "moved(torch.zeros(2), [1, 2]).tolist() == [[3.0, 3.0], [3.0, 3.0]]",
    ("TSL207", 0): "not np.asarray(image).flags.writeable and pixels.numpy().flags.writeable",
    ("TSL207", 1): "values.zero_() is values and header == bytes(4)",
    ("TSL401", 0): "net.weight.grad is None",
    ("TSL401", 1): "torch.equal(net.weight.grad, torch.autograd.grad(net(x).pow(2).mean(), net.weight)[0])",
    ("TSL401", 2): "not Squash()(torch.rand(2, 4)).requires_grad",
    ("TSL402", 0): "y.data.data_ptr() == y.data_ptr() and not y.data.requires_grad",
    ("TSL501", 0): "a.ctypes.data != x.data_ptr()",
    ("TSL502", 0): "net(torch.rand(8, 4)).cpu().requires_grad",
    ("TSL507", 0): "values.data_ptr() == values.detach().data_ptr() and not values.requires_grad",
    ("TSL504", 0): "y.data_ptr() == x.data_ptr()",
    ("TSL208", 0): "not torch.allclose(x.grad, (y := torch.sigmoid(x.detach())) * (1 - y))",
    ("TSL208", 1): f"not torch.allclose(net[0].weight.grad, {ANEW.format(0.99)}, rtol=1e-3)",
    ("TSL503", 0): "x.device.type == 'cpu' and (x.device == 'cpu') is False",
    ("TSL503", 1): "device.type == 'cpu' and (device not in ('cpu', 'mps')) is True",
    ("TSL506", 0): "x.dtype is torch.float32",
    ("TSL506", 1): "batch.to('cpu') is batch",
}
BEHAVES = {
    ("TSL201", 0): "x.tolist() == [2.0, 4.0, 6.0] and a.tolist() == [1.0, 2.0, 3.0]",
    ("TSL201", 1): "(t := torch.ones(2), as_percent(t)) and t.tolist() == [1.0, 1.0]",
    ("TSL202", 0): "a.tolist() == [2.0, 4.0, 6.0]",
    ("TSL202", 1): "(v := np.array([1.0, 3.0]), centred(v)) and v.tolist() == [1.0, 3.0]",
    ("TSL204", 0): "positive(torch.tensor([-1.0, 1.0]))[1].tolist() == [-1.0, 1.0]",
    ("TSL204", 1): "(t := torch.tensor([-1.0, 2.0]), as_image(t)) and t.tolist() == [-1.0, 2.0]",
    ("TSL205", 0): "error_of_noise(torch.ones(3, dtype=torch.float64)) > 0",
    ("TSL205", 1): "(i := np.full(2, 255, dtype=np.float32), brightness(i)) and i.tolist() == [255.0, 255.0]",
    ("TSL203", 0): "best['weight'].data_ptr() != net.weight.data_ptr()",
    ("TSL203", 1): "not (history[0] == history[-1]).all()",
    ("TSL206", 0): "padded(3, 2)[:, -1].tolist() == [1.0, 0.0]",
    ("TSL206", 1): "moved(torch.zeros(2), [1, 2]).tolist() == [[1.0, 1.0], [2.0, 2.0]]",
    ("TSL207", 0): "np.array(image).flags.writeable",
    ("TSL207", 1): "values.zero_() is values and header[0] == 1",
    ("TSL401", 0): "not torch.equal(net.weight.grad, torch.autograd.grad(net(x).pow(2).mean(), net.weight)[0])",
    ("TSL401", 1): "net.weight.grad is not None",
    ("TSL208", 0): "torch.allclose(x.grad, (y := torch.sigmoid(x.detach())) * (1 - y))",
    ("TSL208", 1): f"torch.allclose(net[0].weight.grad, {ANEW.format(0.99)}, rtol=1e-3)",
    ("TSL503", 0): "(x.device.type == 'cpu') is True",
    ("TSL503", 1): "torch.device('cuda', 0) == torch.device('cuda:0') and x.device != torch.device('cuda:0')",
    ("TSL506", 0): "x.dtype is torch.float64",
    ("TSL506", 1): "not x.requires_grad",
}
GPU = (('"cuda" if torch.cuda.is_available() else "cpu"', '"{}"'), ('device="cuda"', 'device="{}"'))


RUNNER = """
import json, sys
for name, text, claim in json.load(sys.stdin):
    scope, outcome, sys.stdout = {}, "", sys.stderr
    try:
        exec(compile(text, name, "exec"), scope)
        outcome = "" if eval(claim, scope) else "not so: " + claim
    except Exception as raised:
        outcome = f"{type(raised).__name__}: {raised}"
    sys.stdout = sys.__stdout__
    print(json.dumps(outcome))
"""


def run_by_torch(programs: list[tuple[str, str, str]]) -> list[str]:
    """Run programs (name, text, claim) in one process; what went wrong with each."""
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def on(device: str, text: str) -> str:
    for old, new in GPU:
        text = text.replace(old, new.format(device))
    return text


def test_every_example_misbehaves_as_its_rule_claims() -> None:
    programs, expected = [], []
    for each, its in PAGES:
        for number, text in enumerate(its.examples):
            claim = MISBEHAVES.get((each.code, number), "False")
            programs.append((f"{each.code}-{number}", on("meta", text), f"bool({claim})"))
            expected.append(RAISES.get(each.code, ""))
    for (name, _, _), outcome, error in zip(programs, run_by_torch(programs), expected, strict=True):
        assert outcome.startswith(error) if error else not outcome, f"{name}: {outcome}"


def test_nothing_that_is_used_instead_misbehaves() -> None:
    programs = [
        (f"{each.code}-{number}", on("cpu", text), f"bool({BEHAVES.get((each.code, number), 'True')})")
        for each, its in PAGES
        for number, text in enumerate(its.instead)
    ]
    for (name, _, _), outcome in zip(programs, run_by_torch(programs), strict=True):
        assert not outcome, f"{name}: {outcome}"


SECTION = "{}\n{}\nText.\n\n    code()\n\n"
GOOD = "Sums it up.\n\n" + "".join(SECTION.format(heading, "-" * len(heading)) for heading in HEADINGS)


def test_a_page_is_read_into_its_parts() -> None:
    example = "Example\n-------\n"
    assert f"{example}Text.\n" in GOOD
    its = parse(GOOD.replace(f"{example}Text.\n", f"{example}One:\n\n    a = 1\n\n    if a:\n        b()\n\nTwo:\n"))
    assert its.summary == "Sums it up"
    assert its.examples == ("a = 1\n\nif a:\n    b()\n", "code()\n")
    assert its.instead == ("code()\n",)
    assert its.section("Observed") == "Text.\n\n    code()"
    with pytest.raises(KeyError):
        its.section("Else")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("Sums it up.\n\n", "Sums it up.\n", "one line that sums it up"),
        ("Sums it up.\n\n", "Sums it up.\n\nAnd more.\n\n", "says nothing between"),
        ("Known limits\n------------\n", "Limits\n------\n", "has the sections"),
        (
            "Known limits\n------------\nText.\n\n    code()\n",
            "Known limits\n------------\n",
            "'Known limits' is empty",
        ),
        ("Use instead\n-----------\nText.\n\n    code()\n", "Use instead\n-----------\nText.\n", "has no code"),
    ],
)
def test_a_page_of_another_form_is_refused(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    with pytest.raises(ValueError, match=complaint):
        parse(GOOD.replace(old, new))
