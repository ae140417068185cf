"""Lists, dicts, sets, iterators: what is known of their items, and what their methods do."""

from __future__ import annotations

import pytest
from reveal import evidence, findings, reveal, reveals

W = "w = torch.ones(3, requires_grad=True)"


@pytest.mark.parametrize(
    "made",
    [
        "xs = [w, w]",
        "xs = []; xs.append(w)",
        "xs = []; xs.insert(0, w)",
        "xs = []; xs.extend([w, w])",
        "xs = []; xs += [w]",
        "xs = [w for _ in range(3)]",
        "xs = {w for _ in range(3)}",
        "xs = (w for _ in range(3))",
        "xs = list(w for _ in range(3))",
        "xs = tuple([w])",
        "xs = sorted([w])",
        "xs = [*[w], *[w]]",
        "xs = [w] * 3",
        "xs = [w] + [w]",
        "xs = [w][:1]",
        "xs = {'a': w}.values()",
        "xs = map(lambda i: w * i, range(3))",
        "xs = filter(None, [w])",
        "xs = iter([w])",
        "xs = reversed([w])",
        "from collections import deque; xs = deque([w])",
        "from collections import deque; xs = deque(maxlen=3); xs.append(w)",
        "d = {'k': []}; d['k'].append(w); xs = d['k']",
        "from collections import defaultdict; d = defaultdict(list); d[key()].append(w); xs = d['k']",
        "d = {}; d.setdefault('k', []).append(w); xs = d['k']",
    ],
)
def test_a_container_knows_what_its_items_are(made: str) -> None:
    assert (
        reveal(f"""
{W}
{made}
for x in xs:
    reveal(x)
""").requires_grad
        == "yes"
    )


@pytest.mark.parametrize(
    "made",
    [
        "d = {'a': w}; x = d['a']",
        "d = {}; d['a'] = w; x = d['a']",
        "d = dict(a=w); x = d['a']",
        "d = dict({'a': w}); x = d.get('a')",
        "d = {**{'a': w}}; x = d.pop('a')",
        "d = {}; d.update({'a': w}); x = d['a']",
        "d = {}; d.update(a=w); x = d['a']",
        "d = {k: w for k in 'ab'}; x = d['a']",
        "d = {'a': w}; k, x = next(iter(d.items()))",
        "x, y = [w, 1]",
        "y, *x = 1, w; x = x[0]",
        "(y, (x, z)) = 1, (w, 2)",
        "x = [1, w][-1]",
        "x = [[w]][0][0]",
        "x = list(zip([w], [1]))[0][0]",
        "x = [p for p, q in zip([w], [1])][0]",
        "x = [p for i, p in enumerate([w])][0]",
        "x = next(iter([w]))",
        "x = [w].pop()",
        "x = sum([w, w])",
        "x = sum([w, w]) / len([w, w])",
        "x = max([w, w])",
        "x = torch.stack([w, w])",
        "x = torch.cat([w, w]).mean()",
    ],
)
def test_what_is_taken_out_is_what_was_put_in(made: str) -> None:
    assert (
        reveal(f"""
{W}
{made}
reveal(x)
""").requires_grad
        == "yes"
    )


def test_items_keep_their_places_where_all_of_them_are_known() -> None:
    first, second, after = reveals(f"""
{W}
xs = [w, np.ones(3)]
reveal(xs[0], xs[1])
xs[0] = None
reveal(xs[0])
""")
    assert (first.kind, second.kind, after.kind) == ("Tensor", "Array", "None")


def test_two_names_of_one_list_see_each_others_changes() -> None:
    xs = reveal(f"""
{W}
xs = ys = []
ys.append(w)
reveal(xs)
""")
    assert xs.element.requires_grad == "yes"


def test_clear_and_a_new_list_forget() -> None:
    cleared, anew = reveals(f"""
{W}
xs, ys = [w], [w]
xs.clear()
ys = []
reveal(xs, ys)
""")
    assert (cleared.length, anew.length) == (0, 0)


def test_a_comprehension_filters_by_its_conditions_and_keeps_its_names() -> None:
    xs, outer = reveals(f"""
{W}
x = None
xs = [x for x in [w, None] if x is not None]
reveal(xs, x)
""")
    assert xs.element.kind == "Tensor"
    assert outer.kind == "None"


def test_a_batch_dict_that_is_moved_knows_that_its_values_are() -> None:
    batch = reveal("""
for batch in torch.utils.data.DataLoader(dataset()):
    batch = {k: v.to("cuda") for k, v in batch.items()}
    reveal(batch["x"])
""")
    assert batch.device == "yes"


def test_losses_that_are_put_into_a_list_and_averaged_far_below() -> None:
    text = """
net = nn.Linear(2, 1)
losses = []
for x in torch.zeros(4, 2):
    loss = net(x).mean()
    losses.append(loss)


def report(values):
    return np.mean(values)


print(report(losses))
"""
    assert findings(text) == [("TSL101", 10, 12, "certain")]
    assert evidence(text) == [
        "2: `nn.Linear(2, 1)` has parameters that require grad",
        "5: output of `net` (nn.Linear), whose parameters require grad",
        "6: `loss` is put into `losses`",
        "13: `report` is called here",
    ]


@pytest.mark.parametrize("kept", ["loss.item()", "loss.detach()", "float(loss)", "loss.data"])
def test_what_is_put_in_as_a_number_or_detached_is_harmless(kept: str) -> None:
    assert not findings(f"""
losses = []
for x in torch.zeros(4, 2):
    loss = nn.Linear(2, 1)(x).mean()
    losses.append({kept})
print(np.mean(losses))
""")


def test_a_dict_of_running_sums() -> None:
    assert findings("""
from collections import defaultdict
net = nn.Linear(2, 1)
meters = defaultdict(float)
for x in torch.zeros(4, 2):
    meters["loss"] += net(x).mean()
meters = {k: np.log(v) for k, v in meters.items()}
""") == [("TSL101", 7, 14, "certain")]


@pytest.mark.parametrize("made", ["(a, b, c)", "[a, b, c]", "list((a, b, c))", "f()"])
@pytest.mark.parametrize(
    ("target", "devices"),
    [
        ("*_, x", "no"),
        ("*_, x, y", "yes"),
        ("x, *_", "no"),
        ("_, x, *rest", "yes"),
        ("_, *x, y", "yes"),
        ("*x, y, z, w", None),
    ],
)
def test_a_starred_target_takes_what_the_others_leave(made: str, target: str, devices: str | None) -> None:
    x = reveal(f"""
a, b, c = torch.ones(3), torch.ones(3).cuda(), torch.ones(3)
def f():
    return a, b, c
{target} = {made}
reveal(x)
""")
    if "*x" in target:
        assert x.length == (1 if devices else 0)
        x = x.element if devices else x
    assert devices is None or x.device == devices


def test_the_evidence_of_the_last_result_is_its_own() -> None:
    text = """
def f(net, other):
    a = net.to("cuda")(torch.ones(2))
    b = other.to("cuda")(torch.ones(2))
    return a, b
*_, last = f(nn.Linear(2, 2), nn.Linear(2, 2))
print(last.detach().numpy())
"""
    assert next(line for line in evidence(text) if "output of" in line).startswith("4:")
