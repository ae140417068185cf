"""Conversions: what counts as one, explicit or implicit, of the value itself or of what is in a container."""

from __future__ import annotations

import pytest
from reveal import events, findings

from tensorlint.flow.events import Conversion, How


def conversions(text: str) -> list[Conversion]:
    return [event for event in events(text) if isinstance(event, Conversion)]


@pytest.mark.parametrize(
    ("call", "how"),
    [
        ("w.numpy()", How.NUMPY),
        ("np.asarray(w)", How.EXPLICIT),
        ("np.array(w)", How.EXPLICIT),
        ("np.array([w, w])", How.EXPLICIT),
        ("np.from_dlpack(w)", How.EXPLICIT),
        ("np.exp(w)", How.IMPLICIT),
        ("np.isnan(w)", How.IMPLICIT),
        ("np.argmax(w)", How.IMPLICIT),
        ("np.concatenate([w, w])", How.IMPLICIT),
        ("np.mean([w, w])", How.IMPLICIT),
        ("np.where(w > 0, w, 0)", How.IMPLICIT),
        ("plt.plot(w)", How.IMPLICIT),
        ("plt.plot([1, 2], [w, w])", How.IMPLICIT),
        ("pd.DataFrame(w)", How.IMPLICIT),
        ("w * np.ones(3)", How.IMPLICIT),
        ("np.ones(3)[:]", None),
        ("w.numpy(force=True)", None),
        ("w.tolist()", None),
        ("w.item()", None),
        ("torch.exp(w)", None),
        ("np.mean(w)", None),
        ("np.sum(w)", None),
        ("np.ones(3) + 1", None),
        ("print(w)", None),
        ("len(w)", None),
    ],
)
def test_what_converts_and_how(call: str, how: How | None) -> None:
    found = conversions(f"""
import matplotlib.pyplot as plt, pandas as pd
w = torch.ones(3, requires_grad=True)
x = {call}
""")
    assert {event.how for event in found} == ({how} if how is not None else set())


def test_storing_a_slice_converts_and_storing_an_element_does_not() -> None:
    assert findings("""
w = torch.ones(3, requires_grad=True)
a = np.zeros(3)
a[:] = w
a[0] = w.sum()
a[1:] = w[1:]
""") == [("TSL101", 4, 8, "certain"), ("TSL101", 6, 9, "certain")]


def test_the_event_names_the_operand_and_what_converts_it() -> None:
    (event,) = conversions("""
def report(losses):
    return np.mean(losses)

report([torch.ones(3, requires_grad=True)])
""")
    assert (event.operand_name, event.by, event.in_container) == ("losses", "np.mean", True)
    assert [reason.text for reason in event.calls] == ["`report` is called here"]


def test_the_places_where_the_elements_were_put_are_remembered() -> None:
    (event,) = conversions("""
losses = []
for _ in range(3):
    losses.append(torch.ones((), requires_grad=True))
np.mean(losses)
""")
    assert len(event.appended) == 1


@pytest.mark.parametrize(
    ("made", "confidence"),
    [
        ("torch.ones(3, requires_grad=True)", "certain"),
        ("torch.ones(3, requires_grad=True) if flag() else torch.ones(3)", "likely"),
        ("torch.ones(3, requires_grad=True) if flag() else 0", "likely"),
        ("torch.ones(3)", None),
        ("np.ones(3)", None),
    ],
)
def test_how_firmly_a_finding_is_believed(made: str, confidence: str | None) -> None:
    found = findings(
        f"""
x = {made}
a = np.asarray(x)
""",
        "possible",
    )
    assert found == ([] if confidence is None else [("TSL101", 3, 5, confidence)])


def test_an_annotated_parameter_is_possible_and_an_unknown_one_is_nothing() -> None:
    assert findings(
        """
def annotated(x: torch.Tensor):
    return x.numpy()

def unknown(x):
    return np.asarray(x)
""",
        "possible",
    ) == [("TSL101", 3, 12, "possible"), ("TSL102", 3, 12, "possible")]


def test_an_input_of_forward_that_is_used_as_an_array_is_taken_for_one() -> None:
    assert not findings("""
class Net(nn.Module):
    def forward(self, x):
        x = np.exp(x)
        return torch.from_numpy(x)
""")


def test_two_causes_stand_on_one_conversion() -> None:
    assert findings("""
w = torch.ones(3, requires_grad=True, device="cuda")
a = w.numpy()
""") == [("TSL101", 3, 5, "certain"), ("TSL102", 3, 5, "certain")]


def test_from_dlpack_refuses_under_no_grad_too() -> None:
    assert findings("""
w = torch.ones(3, requires_grad=True)
with torch.no_grad():
    a = np.from_dlpack(w)
    b = np.asarray(w)
""") == [("TSL101", 4, 9, "certain")]


@pytest.mark.parametrize(
    "call", ["np.float64(w)", "float(w)", "np.array_equal(1, 2)", "np.shape(w)", "np.ndim(w)", "a[0] = w"]
)
def test_a_scalar_may_be_taken_of_a_0d_tensor_that_requires_grad(call: str) -> None:
    assert not findings(f"""
w = torch.ones(3, requires_grad=True).sum()
a = np.ones(3)
{call}
""")


@pytest.mark.parametrize(
    ("array", "store", "found"),
    [
        ("np.zeros((3, 2))", "a[i] = net(x)", True),
        ("np.zeros((3, 2))", "a[i] = net(x).sum()", True),
        ("np.zeros([3, 2])", "a[i] = net(x)", True),
        ("np.zeros((3, 2))", "a[i, 0] = net(x).sum()", False),
        ("np.zeros(3)", "a[i] = net(x).sum()", False),
        ("np.zeros(shape)", "a[i] = net(x).sum()", False),
        ("np.full((3, 2, 2), 0.0)[0]", "a[i] = net(x)", True),
        ("np.full((3, 2), 0.0)[0]", "a[i] = net(x).sum()", False),
        ("np.zeros(shape)", "a[a > 0] = net(x)", True),
        ("np.zeros(shape)", "a[x > 0] = net(x)", True),
        ("np.zeros(shape)", "a[:, 0] = net(x)", True),
    ],
)
def test_what_is_stored_in_rows_is_converted(array: str, store: str, found: bool) -> None:
    text = f"""
def fill(shape, x: torch.Tensor):
    net = nn.Linear(2, 2)
    a = {array}
    for i in range(3):
        {store}
    return a
"""
    assert [code for code, *_ in findings(text)] == ["TSL101"] * found
