"""What is kept to tell how far something moved, and has moved along."""

from __future__ import annotations

import pytest
from reveal import evidence, findings

STEPS = """
net = nn.Linear(2, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
before = {before}
for _ in range(3):
    optimizer.zero_grad()
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
print({difference})
"""


@pytest.mark.parametrize(
    ("before", "difference"),
    [
        ("net.weight.data", "net.weight.data - before"),
        ("net.weight.detach()", "(before - net.weight).norm()"),
        ("net.weight.detach().numpy()", "net.weight.detach().numpy() - before"),
        ("net.state_dict()", "net.state_dict()['weight'] - before['weight']"),
    ],
)
def test_memory_is_not_subtracted_from_itself(before: str, difference: str) -> None:
    text = STEPS.format(before=before, difference=difference)
    assert [(code, line) for code, line, *_ in findings(text)] == [("TSL203", 4)]


@pytest.mark.parametrize(
    ("before", "difference"),
    [
        ("net.weight.detach().clone()", "net.weight.data - before"),
        ("net.weight.detach().numpy().copy()", "net.weight.detach().numpy() - before"),
        ("copy.deepcopy(net.state_dict())", "net.state_dict()['weight'] - before['weight']"),
        # another tensor of the same module, another entry of the same dict
        ("net.weight.detach()", "net.bias.data - before"),
        ("net.state_dict()", "net.state_dict()['weight'] - before['bias']"),
        # looked at alone it is a view that follows on purpose
        ("net.weight.detach()", "before"),
        ("net.weight.detach()", "before - 1"),
        ("nn.Linear(2, 1).weight.detach()", "net.weight.data - before"),
    ],
)
def test_what_is_a_copy_or_another_tensor_may_be_subtracted(before: str, difference: str) -> None:
    assert not findings(STEPS.format(before=before, difference=difference))


def test_nothing_is_said_where_the_source_did_not_change() -> None:
    assert not findings("""
net = nn.Linear(2, 1)
before = net.weight.data
print(net.weight.data - before)
""")


def test_a_write_through_the_alias_itself_is_meant() -> None:
    assert not findings("""
x = torch.rand(3)
y = x.detach()
y += 1
print(x.detach() - y)
""")


def test_the_evidence_says_what_changed_it() -> None:
    text = STEPS.format(before="net.weight.data", difference="net.weight.data - before")
    assert evidence(text) == [
        "9: kept in `before`, to be compared with its source",
        "8: `optimizer.step()` updates the parameters",
        "9: `net.weight.data` is compared with itself here",
    ]
