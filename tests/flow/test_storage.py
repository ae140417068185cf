"""Memory: who shares it with whom and under which condition, who writes to it, and who looks at it afterwards."""

from __future__ import annotations

import pytest
from reveal import evidence, findings, reveals

# how it is made of `x` (a float32 tensor on the CPU), whether it lives in the memory of `x`
OF_TENSOR = [
    ("x.numpy()", "yes"),
    ("np.asarray(x)", "yes"),
    ("x.numpy(force=True)", "yes"),
    ("x.detach()", "yes"),
    ("x.data", "yes"),
    ("x.cpu()", "yes"),
    ("x.to('cpu')", "yes"),
    ("x.float()", "yes"),
    ("x.to(torch.float32)", "yes"),
    ("x.view(3, 1)", "yes"),
    ("x.T", "yes"),
    ("x.unsqueeze(0)", "yes"),
    ("x[1:]", "yes"),
    ("x[0]", "yes"),
    ("x[None]", "yes"),
    ("x.detach().cpu().numpy()", "yes"),
    ("x.numpy()[1:].reshape(-1, 1)", "unless the layout changes"),
    ("torch.from_numpy(x.numpy())", "yes"),
    ("torch.as_tensor(x)", "yes"),
    ("x.contiguous()", "unless the layout changes"),
    ("x.reshape(3, 1)", "unless the layout changes"),
    ("x.flatten()", "unless the layout changes"),
    ("x.clone()", "no"),
    ("x * 1", "no"),
    ("torch.tensor(x)", "no"),
    ("np.array(x)", "no"),
    ("x.numpy().copy()", "no"),
    ("x.double()", "no"),
    ("x.to(torch.float64)", "no"),
    ("x.to('cpu', copy=True)", "no"),
    ("x[x > 0]", "no"),
    ("x[[0, 1]]", "no"),
    ("copy.deepcopy(x)", "no"),
]


@pytest.mark.parametrize(("made", "shares"), OF_TENSOR)
def test_what_is_made_of_a_tensor_shares_its_memory_or_not(made: str, shares: str) -> None:
    x, y = reveals(f"""
x = torch.ones(3, dtype=torch.float32)
reveal(x, {made})
""")
    assert y.shares_with(x) == shares


OF_ARRAY = [
    ("torch.from_numpy(a)", "yes"),
    ("torch.as_tensor(a)", "yes"),
    ("torch.asarray(a)", "yes"),
    ("np.asarray(a)", "yes"),
    ("a[::2]", "yes"),
    ("a.T", "yes"),
    ("a[::-1]", "yes"),
    ("np.flip(a)", "yes"),
    ("nn.Parameter(torch.from_numpy(a))", "yes"),
    ("a.reshape(-1)", "unless the layout changes"),
    ("a.ravel()", "unless the layout changes"),
    ("np.ascontiguousarray(a)", "unless the layout changes"),
    ("torch.tensor(a)", "no"),
    ("np.array(a)", "no"),
    ("a.copy()", "no"),
    ("a.flatten()", "no"),
    ("a.astype(np.float32)", "no"),
    ("a[[0, 1]]", "no"),
    ("a[a > 0]", "no"),
    ("a / 255", "no"),
]


@pytest.mark.parametrize(("made", "shares"), OF_ARRAY)
def test_what_is_made_of_an_array_shares_its_memory_or_not(made: str, shares: str) -> None:
    a, b = reveals(f"""
a = np.ones(3)
reveal(a, {made})
""")
    assert b.shares_with(a) == shares


def test_cpu_copies_from_a_gpu_and_where_the_device_is_not_known_it_may() -> None:
    gpu, copied = reveals("""
x = torch.ones(3, device="cuda")
reveal(x, x.cpu())
""")
    anywhere, perhaps = reveals("""
def f(x: torch.Tensor):
    reveal(x, x.cpu())
""")
    assert copied.shares_with(gpu) == "no"
    assert perhaps.shares_with(anywhere) == "unless on a GPU"


def test_a_dtype_that_is_not_known_may_change() -> None:
    x, y = reveals("""
def f(x: torch.Tensor):
    reveal(x, x.float())
""")
    assert y.shares_with(x) == "unless the dtype changes"


WRITES = [
    "a += 1",
    "a[0] = 1",
    "a[:] = 0",
    "a.sort()",
    "a.fill(0)",
    "np.random.shuffle(a)",
    "np.add(a, 1, out=a)",
    "np.copyto(a, 0)",
    "a[1:][0] = 1",
]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_to_an_array_is_seen_by_the_tensor_that_shares_its_memory(write: str) -> None:
    text = f"""
x = torch.rand(3)
a = x.numpy()
{write}
print(x)
"""
    assert [code for code, line, *_ in findings(text) if line == 4] == ["TSL201"]
    assert not findings(text.replace("x.numpy()", "x.numpy().copy()"))
    assert not findings(text.replace("print(x)", ""))


def test_the_evidence_of_a_write_says_where_the_sharing_began_and_who_looks() -> None:
    assert evidence("""
x = torch.rand(3)
a = x.numpy()
a /= 255
print(x.sum())
""") == ["3: `a` shares its memory", "5: `x` is read here"]


def test_memory_that_was_made_to_be_filled_may_be_written_to() -> None:
    assert not findings("""
buffer = torch.zeros(3)
view = buffer.numpy()
view[:] = 1
print(buffer)
""")


def test_a_tensor_made_anew_after_the_write_is_not_what_was_written_to() -> None:
    assert not findings("""
x = torch.rand(3)
a = x.numpy()
x = torch.rand(3)
a += 1
print(x)
""")


def test_what_was_kept_goes_stale_when_its_source_changes() -> None:
    text = """
x = torch.rand(3)
history = []
for _ in range(3):
    history.append(x.numpy())
    x.add_(1)
print(history)
"""
    assert findings(text) == [("TSL203", 5, 20, "certain")]
    assert not findings(text.replace("x.numpy()", "x.numpy().copy()"))
    assert not findings(text.replace("x.add_(1)", "x = x + 1"))


def test_the_evidence_of_a_stale_snapshot_names_the_keeping_the_change_and_the_use() -> None:
    assert evidence("""
net = nn.Linear(2, 2)
optimizer = torch.optim.SGD(net.parameters(), 0.1)
best = net.state_dict()
optimizer.step()
net.load_state_dict(best)
""") == [
        "6: kept in `best`",
        "5: `optimizer.step()` updates the parameters",
        "6: `best` is given back to `net`",
    ]


def test_state_dict_and_shallow_copies_of_it_hold_the_parameters_themselves() -> None:
    for snapshot in (
        "net.state_dict()",
        "net.state_dict().copy()",
        "dict(net.state_dict())",
        "{k: v for k, v in net.state_dict().items()}",
        "{k: v.detach() for k, v in net.state_dict().items()}",
        "{k: v.cpu() for k, v in net.state_dict().items()}",
        "copy.copy(net.state_dict())",
    ):
        net, entry = reveals(f"""
net = nn.Linear(2, 2)
snapshot = {snapshot}
reveal(next(net.parameters()), snapshot["weight"])
""")
        assert entry.shares_with(net) == "yes", snapshot
    for snapshot in (
        "copy.deepcopy(net.state_dict())",
        "{k: v.clone() for k, v in net.state_dict().items()}",
        "{k: v.detach().clone() for k, v in net.state_dict().items()}",
    ):
        net, entry = reveals(f"""
net = nn.Linear(2, 2)
snapshot = {snapshot}
reveal(next(net.parameters()), snapshot["weight"])
""")
        assert entry.shares_with(net) == "no", snapshot


def test_the_tensors_of_a_models_output_live_apart() -> None:
    assert not findings("""
net = nn.LSTM(2, 3)
out, state = net(torch.rand(3, 2))
a = out.detach().numpy()
a += 1
print(state)
""")


@pytest.mark.parametrize(
    "made",
    [
        "a, b = torch.rand(3), torch.rand(3)",
        "a, b = (torch.rand(3) for _ in range(2))",
        "a, b = map(torch.exp, (torch.rand(3), torch.rand(3)))",
        "xs = [torch.rand(3) for _ in range(2)]; a, b = xs[0], xs[1]",
        "a, b = torch.rand(2, 3)",
    ],
)
def test_items_that_are_made_one_by_one_live_apart(made: str) -> None:
    assert not findings(f"""
{made}
c = a.numpy()
c += 1
print(b)
""")


def test_the_whole_sees_what_is_written_to_a_part() -> None:
    assert findings("""
x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
row = x[0].numpy()
row += 1
print(x)
""")


@pytest.mark.xfail(strict=True, reason="load_state_dict(assign=True) is taken for a copy")
def test_assigning_a_state_dict_shares_the_parameters() -> None:
    a, b = reveals("""
net, other = nn.Linear(2, 2), nn.Linear(2, 2)
other.load_state_dict(net.state_dict(), assign=True)
reveal(net.weight, other.weight)
""")
    assert a.shares_with(b) == "yes"


def test_weights_given_back_to_their_model_are_stale_if_something_may_have_trained_it() -> None:
    text = """
net = nn.Linear(2, 2)
kept = net.state_dict()
{}
net.load_state_dict(kept)
"""
    for between in ("trainer.fit(net, loader)", "scheduler.step()", "runner.train()", "finetune(net)"):
        assert findings(text.format(between)) == [("TSL203", 3, 8, "likely")], between
    for between in (
        "print(net)",
        "net(torch.rand(2))",
        "torch.save(net, path)",
        "import inspect; inspect.signature(net)",
        "net.weight.data = torch.zeros(2, 2)",
    ):
        assert not findings(text.format(between)), between


def test_anything_may_happen_between_the_calls_of_two_methods() -> None:
    text = """
class Keeper:
    def __init__(self, net: nn.Module):
        self.net = net
    def keep(self):
        self.kept = self.net.state_dict()
    def restore(self):
        self.net.load_state_dict(self.kept)
"""
    assert findings(text) == [("TSL203", 6, 21, "likely")]
    assert not findings(text + "    def run(self):\n        self.keep()\n        self.restore()\n")


def test_an_alias_that_takes_the_place_of_its_source_is_no_snapshot() -> None:
    text = """
class Count(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(3))
        self.seen = None
    def forward(self, x):
        self.{} = self.count.detach()
        self.count.add_(1)
        return x * self.count, self.{}
"""
    assert not findings(text.format("count", "count"))
    assert findings(text.format("seen", "seen")) == [("TSL203", 8, 21, "certain")]


SWAPPED = """
net = nn.Linear(2, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
backup = {{}}
for _ in range(3):
    for name, p in net.named_parameters():
        backup[name] = p.data
        {swap}
    print(net(torch.ones(2)))
    for name, p in net.named_parameters():
        {back}
    optimizer.step()
print(backup)
"""


@pytest.mark.parametrize(
    ("swap", "back", "stale"),
    [
        ("p.data = torch.zeros_like(p)", "p.data = backup[name]", False),
        ("p.data = p.data + 1", "pass", False),
        ("p.data.add_(1)", "p.data.copy_(backup[name])", True),
        ("pass", "pass", True),
        ("p.data = torch.zeros_like(p)\n        backup[name] = p.data", "pass", True),
    ],
)
def test_what_a_parameter_leaves_behind_stays_as_it_is(swap: str, back: str, stale: bool) -> None:
    program = SWAPPED.format(swap=swap, back=back)
    assert [code for code, *_ in findings(program)] == ["TSL203"] * stale


def test_the_write_that_is_named_is_the_next_one() -> None:
    program = SWAPPED.format(swap="p.data.add_(1)", back="p.data.copy_(backup[name])")
    assert evidence(program) == [
        "7: kept in `backup`",
        "8: `p.data.add_(1)` writes to `p.data`",
        "13: `backup` is read here",
    ]


def test_what_is_put_into_a_list_is_not_read_there() -> None:
    program = """
net, kept = nn.Linear(2, 2), []
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    optimizer.step()
    kept.append(net.weight.detach().numpy())
print("done")
"""
    assert evidence(program) == ["6: kept in `kept`", "5: `optimizer.step()` updates the parameters"]
    assert evidence(program.replace('"done"', "kept"))[-1] == "7: `kept` is read here"


def test_a_chain_of_writes_writes_to_what_it_starts_with() -> None:
    program = """
x, kept = torch.ones(3), []
for _ in range(3):
    kept.append(x.numpy())
    x.mul_(2).add_(1)
print(kept)
"""
    assert evidence(program)[1] == "5: `x.mul_(2)` writes to `x`"


def test_an_item_is_the_same_wherever_it_is_taken() -> None:
    program = """
table, rows = torch.zeros(2, 3), []
for step in range(3):
    table[0].copy_(torch.ones(3))
    rows.append(table[0].numpy())
print(rows)
"""
    assert findings(program) == [("TSL203", 5, 17, "certain")]
    assert not findings(program.replace("append(table[0]", "append(table[1]"))


@pytest.mark.parametrize(
    ("first", "second"),
    [("x[:6]", "x[6:]"), ("x[:, :2]", "x[:, 2]"), ("x[:n]", "x[n:]"), ("x[0]", "x[1:]")],
)
def test_two_slices_are_two_parts(first: str, second: str) -> None:
    text = f"""
def f(n):
    x = torch.rand(8, 3)
    a, b = {first}, {second}
    y = a.numpy()
    y -= 1
    print({{}})
"""
    assert not findings(text.format("b"))
    assert findings(text.format("x")) == [("TSL201", 6, 5, "certain")]
    assert findings(text.format("a")) == [("TSL201", 6, 5, "certain")]


def test_a_slice_of_a_part_is_that_part() -> None:
    assert findings("""
x = torch.rand(8, 3)
row = x[0]
y = row.numpy()
z = y[:2]
z += 1
print(row)
""") == [("TSL201", 6, 1, "certain")]
