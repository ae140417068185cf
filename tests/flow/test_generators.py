"""Generators: their bodies run when they are iterated over, in the grad mode that is set then."""

from __future__ import annotations

import pytest
from reveal import findings, reveals

START = """
net = nn.Linear(2, 2)

def stream(batches):
    for batch in batches:
        yield net(batch), batch
"""


def test_a_generator_that_outlives_the_block_computes_with_a_graph() -> None:
    inside, after = reveals(f"""{START}
with torch.no_grad():
    outputs = stream([torch.ones(2)])
    for output, batch in outputs:
        reveal(output)
for output, batch in outputs:
    reveal(output)
""")
    assert (inside.requires_grad, after.requires_grad) == ("no", "yes")


def test_a_generator_that_is_made_before_the_block_computes_without_a_graph() -> None:
    assert not findings(f"""{START}
outputs = stream([torch.ones(2)])
with torch.no_grad():
    outputs = [output for output, batch in outputs]
a = np.stack([output.numpy() for output in outputs])
""")


@pytest.mark.parametrize("iterate", ["list(outputs)", "[output for output in outputs]", "tuple(outputs)"])
def test_what_is_collected_in_the_block_has_no_graph(iterate: str) -> None:
    text = f"""
net = nn.Linear(2, 2)

def stream(batches):
    for batch in batches:
        yield net(batch)

with torch.no_grad():
    outputs = stream([torch.ones(2)])
    outputs = {iterate}
a = [output.numpy() for output in outputs]
"""
    assert not findings(text)
    late = text.replace("    outputs = [", "outputs = [").replace("    outputs = l", "outputs = l")
    assert findings(late.replace("    outputs = t", "outputs = t")) == [("TSL101", 11, 6, "certain")]


def test_conversions_in_the_body_are_judged_where_the_generator_is_made() -> None:
    text = """
net = nn.Linear(2, 2)

def stream(batches):
    for batch in batches:
        yield net(batch).numpy()

with torch.no_grad():
    a = list(stream([torch.ones(2)]))
"""
    assert not findings(text)


def test_a_generator_that_switches_off_itself() -> None:
    (output,) = reveals("""
net = nn.Linear(2, 2)

@torch.no_grad()
def stream(batches):
    for batch in batches:
        yield net(batch)

for output in stream([torch.ones(2)]):
    reveal(output)
""")
    assert output.requires_grad == "no"


@pytest.mark.parametrize("batches", ["batches", "[torch.ones(2), torch.zeros(2)]"])
def test_a_generator_expression_computes_where_it_is_iterated_over(batches: str) -> None:
    text = f"""
net = nn.Linear(2, 2)
def f(batches):
    outputs = (net(batch) for batch in {batches})
    with torch.no_grad():
        outputs = list(outputs)
    return [output.numpy() for output in outputs]
"""
    assert not findings(text)
    assert findings(text.replace("torch.no_grad()", "torch.enable_grad()")) == [("TSL101", 7, 13, "certain")]
