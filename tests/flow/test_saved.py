"""What operations save for the backward, writes that autograd does not notice, and the backward that they spoil."""

from __future__ import annotations

import pytest
from reveal import evidence, findings


def flagged(text: str, confidence: str = "likely") -> list[tuple[int, str]]:
    return [(line, how) for code, line, _, how in findings(text, confidence) if code == "TSL208"]


RESULT_IS_SAVED = ["x.exp()", "torch.sigmoid(x)", "F.relu(x)", "x.softmax(0)", "nn.Tanh()(x)", "torch.sqrt(x)", "1 / x"]


@pytest.mark.parametrize("operation", RESULT_IS_SAVED[:-1])
def test_a_write_to_a_result_that_is_saved(operation: str) -> None:
    text = f"""
x = torch.rand(3, requires_grad=True)
y = {operation}
a = y.detach().numpy()
a[0] = 0
y.sum().backward()
"""
    assert flagged(text) == [(5, "certain")]
    assert not flagged(text.replace("numpy()", "numpy().copy()"))
    assert not flagged(text.replace("requires_grad=True", ""))


@pytest.mark.parametrize("operation", ["x + 1", "2 * x", "x - x", "x.sum(0)", "x.view(3)", "x / 2", "-x"])
def test_a_write_to_a_result_that_is_not_saved(operation: str) -> None:
    assert not flagged(f"""
x = torch.rand(3, requires_grad=True)
y = {operation}
loss = y.sum()
y.data.zero_()
loss.backward()
""")


# operation on x and y, whether the memory of y is saved for the gradient of x
OF_OPERANDS = [
    ("x * y", True),
    ("x / y", True),
    ("x @ y", True),
    ("x ** y", True),
    ("x + y", False),
    ("x - y", False),
    ("torch.mul(x, y)", True),
    ("x.mul(y)", True),
    ("F.mse_loss(x, y)", True),
    ("F.mse_loss(x, target=y)", True),
    ("nn.MSELoss()(x, y)", True),
    ("torch.where(y > 0, x, x)", False),
    ("torch.cat([x, y])", False),
    ("torch.dot(x, y)", True),
    ("torch.maximum(x, y)", True),
]


@pytest.mark.parametrize(("operation", "saved"), OF_OPERANDS)
def test_a_write_to_another_operand(operation: str, saved: bool) -> None:
    text = f"""
x = torch.rand(3, requires_grad=True)
y = torch.rand(3)
loss = ({operation}).sum()
y.data.zero_()
loss.backward()
"""
    assert flagged(text) == ([(5, "certain")] if saved else [])


def test_an_operand_is_saved_only_for_a_gradient_that_is_wanted() -> None:
    assert not flagged("""
x = torch.rand(3, requires_grad=True)
y = torch.rand(3)
loss = (x * y).sum()
x.data.zero_()
loss.backward()
""")


WRITES = [
    "y.data.zero_()",
    "y.data[0] = 0",
    "y.data *= 2",
    "y.data.view(-1).fill_(1)",
    "y.data.detach().zero_()",
    "torch.from_numpy(y.detach().numpy()).zero_()",
    "np.copyto(y.detach().numpy(), 0)",
    "y.detach().cpu().data.zero_()",
]


@pytest.mark.parametrize("write", WRITES)
def test_writes_that_autograd_does_not_notice(write: str) -> None:
    assert flagged(f"""
x = torch.rand(3, requires_grad=True)
y = x.exp()
{write}
y.sum().backward()
""") == [(4, "certain")]


@pytest.mark.parametrize(
    "write",
    ["y.detach().zero_()", "y.detach()[0] = 0", "y.clone().data.zero_()", "y.data = y.data * 0", "y.data.mul(2)"],
)
def test_writes_that_autograd_notices_or_that_do_no_harm(write: str) -> None:
    assert not flagged(f"""
x = torch.rand(3, requires_grad=True)
y = x.exp()
{write}
y.sum().backward()
""")


BACKWARDS = [
    "loss.backward()",
    "torch.autograd.backward(loss)",
    "torch.autograd.grad(loss, x)",
    "(loss + 1).backward()",
    "torch.cuda.amp.GradScaler().scale(loss).backward()",
    "sum([loss, loss]).backward()",
    "trainer.manual_backward(loss)",
]


@pytest.mark.parametrize("backward", BACKWARDS)
def test_what_goes_backward(backward: str) -> None:
    text = f"""
def f(trainer):
    x = torch.rand(3, requires_grad=True)
    loss = (x * x).sum()
    x.data.zero_()
    {backward}
"""
    assert flagged(text) == [(5, "certain")]
    assert not flagged(text.replace("x.data.zero_()", "").replace("backward(loss)", "backward(loss); x.data.zero_()"))


def test_the_evidence_names_the_operation_the_alias_the_write_and_the_backward() -> None:
    text = """
x = torch.rand(3, requires_grad=True)
y = x.exp()
a = y.detach().numpy()
a *= 2
y.sum().backward()
"""
    assert evidence(text, "TSL208") == [
        "3: `x.exp()` saves its result for the backward",
        "4: `y.detach().numpy()` shares the memory of `y.detach()`",
        "5: it is written to here",
        "6: the backward of `y.sum()` goes through it",
    ]


def test_a_write_gets_one_code() -> None:
    assert [
        code
        for code, *_ in findings("""
x = torch.rand(3, requires_grad=True)
y = x.exp()
a = y.detach().numpy()
a *= 2
y.sum().backward()
print(y)
""")
    ] == ["TSL208"]


TRAINING = """
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
for x in data:
    {first}
    loss = net(x).sum()
    {before}
    loss.backward()
    {after}
"""
STEP = "[p.data.sub_(p.grad) for p in net.parameters()]"


def test_the_order_in_a_loop_decides() -> None:
    assert [line for line, _ in flagged(TRAINING.format(first="", before=STEP, after=""))] == [6]
    assert not flagged(TRAINING.format(first="", before="", after=STEP))
    assert not flagged(TRAINING.format(first=STEP, before="", after=""))


def test_losses_that_are_summed_up_over_a_loop() -> None:
    text = """
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
total = 0
for number, x in enumerate(data):
    total = total + net(x).sum()
    if number % 4 == 3:
        total.backward()
        for p in net.parameters():
            p.data.sub_(p.grad)
        total = 0
"""
    assert not flagged(text)
    assert not flagged(text.replace("        total.backward()\n", "") + "total.backward()\n")
    moved = text.replace("        total = 0\n", "").replace("        total.backward()\n", "") + "total.backward()\n"
    assert [line for line, _ in flagged(moved)] == [8]


def test_a_graph_that_is_retained_is_needed_again() -> None:
    text = """
x = torch.rand(3, requires_grad=True)
loss = (x * x).sum()
loss.backward(retain_graph=True)
x.data.zero_()
loss.backward()
"""
    assert flagged(text) == [(5, "certain")]
    assert not flagged(text.replace("retain_graph=True", ""))  # the second backward raises


def test_outcomes_that_exclude_each_other() -> None:
    text = """
def f(x: torch.Tensor, training: bool):
    x.requires_grad_()
    y = x.exp()
    if not training:
        y.data.zero_()
    if {}:
        y.sum().backward()
"""
    assert not flagged(text.format("training"))
    assert flagged(text.format("not training"))


def test_a_bias_is_added_and_not_saved() -> None:
    text = """
layer = nn.Linear(2, 2)
x = torch.rand(3, 2, requires_grad=True)
loss = layer(x).sum()
layer.{}.data.zero_()
loss.backward()
"""
    assert flagged(text.format("weight")) == [(5, "certain")]
    assert not flagged(text.format("bias"))


def test_the_first_layer_saves_its_weight_for_an_input_that_requires_grad_alone() -> None:
    assert not flagged("""
layer = nn.Linear(2, 2)
loss = layer(torch.rand(3, 2)).sum()
layer.weight.data.zero_()
loss.backward()
""")


def test_the_index_of_a_maximum_is_saved_and_its_values_are_not() -> None:
    text = """
x = torch.rand(3, 2, requires_grad=True)
values, where = x.max(dim=1)
loss = values.sum()
{}.data.zero_()
loss.backward()
"""
    assert flagged(text.format("where")) == [(5, "certain")]
    assert not flagged(text.format("values"))
    assert not flagged(text.format("x"))


def test_what_the_loss_does_not_depend_on() -> None:
    text = """
x = torch.rand(3, requires_grad=True)
y = x.exp()
z = x * 3
y.data.zero_()
{}.sum().backward()
"""
    assert not flagged(text.format("z"))
    assert not flagged(text.format("(z + y.detach())"))
    assert flagged(text.format("(z + y)"))


def test_where_nothing_is_recorded_nothing_is_saved() -> None:
    assert not flagged("""
x = torch.rand(3, requires_grad=True)
with torch.no_grad():
    y = x.exp()
y.data.zero_()
(x * y.sum()).sum().backward()
""")


def test_the_parts_of_a_deep_copy_have_memory_of_their_own() -> None:
    text = """
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
other = {}(net)
loss = net(torch.rand(3, 2)).sum()
for p in other.parameters():
    p.data.zero_()
loss.backward()
"""
    assert not flagged(text.format("copy.deepcopy"))
    assert flagged(text.format("nn.Sequential"))


def test_which_method_is_called_first_is_not_known() -> None:
    assert not flagged("""
class Trainer:
    def __init__(self):
        self.x = torch.rand(3, requires_grad=True)

    def step(self):
        self.x.data.sub_(self.x.grad)

    def loss(self):
        self.value = (self.x * self.x).sum()

    def backward(self):
        self.value.backward()
""")


NORMALISED = """
class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(3, 3))

    def forward(self, x):
        {}
        return (x @ self.weight).exp()

layer = Layer()
one = layer(torch.rand(3, 3, requires_grad=True))
two = layer(torch.rand(3, 3, requires_grad=True))
(one + two).sum().backward()
"""


@pytest.mark.parametrize(
    "write",
    [
        "self.weight.data.clamp_(0, 1)",
        "self.weight.data = F.normalize(self.weight.data)",
        "self.weight.data.mul_(self.mask)",
        "self.weight.data.div_(self.weight.data.norm())",
        "self.weight.data *= self.mask",
        "self.weight.data[0] = 0",
    ],
)
def test_a_layer_that_restricts_its_weights_before_each_use(write: str) -> None:
    assert not flagged(NORMALISED.format(write))


def test_a_layer_that_moves_its_weights_before_each_use() -> None:
    assert flagged(NORMALISED.format("self.weight.data.add_(torch.rand(3, 3))")) == [(8, "certain")]


def test_a_path_on_which_it_is_computed_anew() -> None:
    text = """
def f(trick):
    x = torch.rand(3, requires_grad=True)
    y = x.exp()
    if trick:
        y.data.zero_()
        {}
    y.sum().backward()
"""
    assert not flagged(text.format("y = x.exp()"))
    assert flagged(text.format("pass")) == [(6, "certain")]
