"""What had left the graph and came back: followed through numbers, arrays and tensors, to where it is missed."""

from __future__ import annotations

import pytest
from reveal import evidence, findings

NET = """
net = nn.Linear(4, 1)
x, y = torch.rand(8, 4), torch.rand(8, 1)
out = net(x)
loss = F.mse_loss(out, y)
"""


def lost(text: str, confidence: str = "likely") -> list[tuple[int, int, str]]:
    """Where gradients are lost in a program that goes on after the net's loss: line of the text, column, confidence."""
    first = NET.count("\n")
    found = findings(NET + text.lstrip("\n"), confidence)
    return [(line - first, column, how) for code, line, column, how in found if code == "TSL401"]


@pytest.mark.parametrize(
    "exit_",
    [
        "loss.item()",
        "loss.detach().numpy()",
        "loss.data.numpy()",
        "loss.tolist()",
        "float(loss)",
        "np.asarray(loss.detach())",
        "loss.detach().cpu().numpy().mean()",
        "np.sqrt(loss.detach().numpy())",
        "round(1.0) * loss.item() + 2",
        "loss.numpy(force=True)",
    ],
)
def test_what_leaves_and_comes_back_as_a_leaf_is_lost(exit_: str) -> None:
    (found,) = lost(f"again = torch.tensor({exit_}, requires_grad=True)\nagain.backward()\n")
    assert found[0] == 1 and found[2] == "certain"


@pytest.mark.parametrize(
    "again",
    [
        "torch.tensor(loss)",
        "torch.tensor([loss, loss]).sum()",
        "torch.FloatTensor([loss, loss]).mean()",
        "torch.as_tensor([loss, loss]).mean()",
        "loss.new_tensor(loss.item())",
        "torch.full((), loss.item())",
        "loss.detach()",
        "loss.data * 2",
        "F.mse_loss(out.detach(), y)",
        "nn.MSELoss()(torch.from_numpy(out.detach().numpy()), y)",
        "(out.detach() - y).pow(2).mean()",
        "torch.stack([loss.detach(), loss.detach()]).mean()",
        "sum([loss.item() for _ in range(3)])",
        "loss.item()",
        "nn.Sigmoid()(out.detach()).mean()",
    ],
)
def test_nothing_of_a_loss_is_in_the_graph(again: str) -> None:
    (found,) = lost(f"again = {again}\nagain.backward()\n")
    assert found[0] == 1


@pytest.mark.parametrize(
    "again",
    [
        "torch.as_tensor(loss)",
        "torch.stack([loss, loss]).mean()",
        "loss.clone()",
        "F.mse_loss(out, y.detach())",
        "F.mse_loss(out, torch.tensor(out.detach().numpy()))",
        "F.mse_loss(out / out.max().item(), y)",
        "loss / loss.item()",
        "loss * 0.5",
        "loss + 1.0",
        "(loss - loss.item()) ** 2",
        "(loss - loss.item()).abs()",
        "abs(loss - loss.item())",
        "max(loss - loss.item(), loss)",
        "loss + (loss * 2 - loss).detach()",
        "loss.item() * loss",
        "loss + len(out)",
        "loss + out.detach().numpy().shape[0]",
        "loss + out.size(0)",
        "-(out * (y - out.detach())).mean()",
    ],
)
def test_what_keeps_its_graph_is_not_lost(again: str) -> None:
    assert lost(f"again = {again}\nagain.backward()\n") == []


@pytest.mark.parametrize(
    ("again", "how"),
    [
        ("loss + out.abs().mean().item()", "certain"),
        ("loss - 0.1 * out.abs().mean().item()", "certain"),
        ("loss + torch.tensor(out.abs().mean().item())", "certain"),
        ("(loss + out.data.abs().mean()) / 2", "certain"),
        ("loss + scale * out.abs().mean().item()", "likely"),
        ("sum([loss, out.abs().mean().item()])", "certain"),
    ],
)
def test_a_term_that_became_a_constant_is_lost(again: str, how: str) -> None:
    assert [found[2] for found in lost(f"again = {again}\nagain.backward()\n")] == [how]


def test_each_term_that_became_a_constant_is_lost() -> None:
    text = (
        "first = out.abs().mean().item()\nsecond = out.pow(2).mean().item()\n(loss + first + 0.5 * second).backward()\n"
    )
    assert lost(text) == [(1, 9, "certain"), (2, 10, "certain")]


@pytest.mark.parametrize(
    "again",
    [
        "(out > 0.5).float().mean()",
        "out.argmax(1).float().mean()",
        "F.l1_loss(out.long().float(), y)",
        "torch.argmax(out, dim=1).double().sum()",
    ],
)
def test_what_has_no_derivative_leaves_the_graph(again: str) -> None:
    assert len(lost(f"again = {again}\nagain.requires_grad_()\nagain.backward()\n")) == 1
    assert lost(f"again = {again}\n(loss + again).backward()\n") == []


def test_a_term_added_in_place_is_lost() -> None:
    assert lost("loss += out.abs().mean().item()\nloss.backward()\n") == [(1, 9, "certain")]
    assert lost("loss += out.abs().mean()\nloss.backward()\n") == []


@pytest.mark.parametrize(
    "again",
    ["loss.requires_grad_()", "loss.requires_grad_(True)", "loss.requires_grad = True"],
)
def test_a_loss_told_to_require_grad_after_it_left(again: str) -> None:
    found = lost(f"loss = F.mse_loss(out.detach(), y)\n{again}\nloss.backward()\n")
    assert found == [(1, 19, "certain")]


def test_a_loss_that_requires_grad_anyway_may_be_told_so() -> None:
    assert lost("loss.requires_grad_()\nloss.backward()\n") == []


@pytest.mark.parametrize(
    "backward",
    [
        "again.backward(retain_graph=True)",
        "torch.autograd.grad(again, net.parameters())",
        "scaler = torch.amp.GradScaler('cuda')\nscaler.scale(again).backward()",
        "fabric.backward(again)",
        "accelerator.backward(loss=again) if False else accelerator.backward(again)",
    ],
)
def test_the_ways_to_back_propagate(backward: str) -> None:
    assert lost(f"again = torch.tensor(loss.item())\n{backward}\n") == [(1, 22, "certain")]
    assert lost(f"again = loss.clone()\nshown = torch.tensor(loss.item())\n{backward}\n") == []


def test_a_number_that_was_logged_is_not_back_propagated() -> None:
    assert lost("loss.backward()\nrunning = 0.9 * 1.0 + 0.1 * loss.item()\nprint(running)\n") == []


def test_one_of_two_paths() -> None:
    text = "if flag:\n    loss = torch.tensor(loss.item())\nloss.backward()\n"
    assert lost(text) == [(2, 25, "likely")]


def test_the_error_may_be_expected() -> None:
    text = "try:\n    loss.detach().backward()\nexcept RuntimeError:\n    pass\n"
    assert lost(text) == []
    assert lost(text.replace("RuntimeError", "KeyError")) == [(2, 5, "certain")]


def test_a_test_for_the_graph_is_one() -> None:
    assert lost("loss = loss.detach()\nif loss.requires_grad:\n    loss.backward()\n") == []


def test_no_gradient_is_lost_where_none_is_recorded() -> None:
    text = "with torch.no_grad():\n    again = torch.tensor(net(x).numpy())\n"
    text += "F.mse_loss(again, y).requires_grad_().backward()\n"
    assert lost(text) == []


def test_targets_that_nothing_is_known_of() -> None:
    text = """
def train(loader):
    for x, target in loader:
        again = torch.from_numpy(net(x).detach().numpy())
        loss = F.mse_loss({})
        loss.backward()
"""
    assert [found[2] for found in lost(text.format("again, target"))] == ["likely"]
    assert lost(text.format("target, again")) == []


FORWARD = """
class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x):
        x = self.inner(x)
        {}
"""


@pytest.mark.parametrize(
    "body",
    [
        "return torch.from_numpy(np.tanh(x.detach().numpy()))",
        "return torch.tensor([row.mean().item() for row in x])",
        "return {'out': torch.tensor(x.tolist())}",
        "return self.inner(torch.from_numpy(np.tanh(x.detach().numpy())))",
        "return F.relu(self.inner(torch.Tensor(x.detach().numpy())) * 2)",
        "return torch.as_tensor(x.data.cpu().numpy() * 2).to(x.device)",
    ],
)
def test_forward_gives_what_had_left(body: str) -> None:
    assert [code for code, *_ in findings(FORWARD.format(body))] == ["TSL401"]


@pytest.mark.parametrize(
    "body",
    [
        "return x + torch.from_numpy(np.tanh(x.detach().numpy()))",
        "return x, torch.from_numpy(np.tanh(x.detach().numpy()))",
        "return torch.from_numpy(np.argmax(x.detach().numpy(), axis=1))",
        "return torch.from_numpy(x.detach().numpy().astype(np.int64))",
        "return torch.from_numpy(x.detach().numpy() > 0)",
        "return x.detach()",
        "return self.inner(torch.from_numpy(np.tanh(x.detach().numpy()))) + x",
        "return self.inner(x.detach())",
        "return x.mean().item()",
        "return torch.zeros(x.detach().numpy().shape)",
        "return self.other(torch.from_numpy(x.detach().numpy()))",
        "return x if self.training else torch.from_numpy(x.detach().numpy())",
        "if not self.training:\n            return torch.from_numpy(x.detach().numpy())\n        return x",
    ],
)
def test_forward_keeps_the_gradient_or_there_is_none(body: str) -> None:
    assert [code for code, *_ in findings(FORWARD.format(body))] == []


def test_what_had_left_before_it_was_given_to_a_module() -> None:
    text = """
class Act(nn.Module):
    def forward(self, x):
        return torch.tanh(x)

class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 1)

    def forward(self, x):
        return self.inner(x)

net, act, head = nn.Linear(4, 4), Act(), Head()
features = torch.from_numpy(net(torch.rand(2, 4)).detach().numpy())
head(act(features)).sum().backward()
"""
    assert findings(text) == []


def test_inputs_of_forward_that_nothing_is_known_of() -> None:
    text = """
class Cost(nn.Module):
    def forward(self, pred, target):
        return torch.tensor(np.mean(pred.detach().numpy()){})
"""
    assert [found[0] for found in findings(text.format(", requires_grad=True"))] == ["TSL401"]
    assert findings(text.format("")) == []
    assert [found[0] for found in findings(text.format(""), "possible") if found[0] == "TSL401"] == ["TSL401"]


def test_what_a_lightning_module_trains_on() -> None:
    text = """
import lightning as L
class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 1)

    def {}(self, batch, index):
        x, y = batch
        loss = F.mse_loss(self.net(x), y)
        return {}
"""
    assert [f[0] for f in findings(text.format("training_step", "torch.tensor(loss.item())"))] == ["TSL401"]
    assert [f[0] for f in findings(text.format("training_step", "{'loss': loss.detach()}"))] == ["TSL401"]
    assert findings(text.format("training_step", "{'loss': loss, 'shown': loss.detach()}")) == []
    assert findings(text.format("validation_step", "loss.detach()")) == []
    manual = text.format("training_step", "loss.detach()") + "        self.automatic_optimization = False\n"
    assert findings(manual) == []


def test_a_function_with_its_own_gradient() -> None:
    text = """
class Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.from_numpy(np.round(x.detach().numpy()))

    @staticmethod
    def backward(ctx, gradient):
        return gradient

net = nn.Linear(4, 1)
Round.apply(net(torch.rand(2, 4))).sum().backward()
"""
    assert findings(text) == []


def test_the_way_is_told() -> None:
    text = NET + "number = loss.item()\nagain = torch.tensor(number, requires_grad=True)\nagain.backward()\n"
    assert evidence(text, "TSL401") == [
        "2: `nn.Linear(4, 1)` has parameters that require grad",
        "4: output of `net` (nn.Linear), whose parameters require grad",
        "6: `loss.item()` leaves the graph: no gradient flows back through it",
        "7: `torch.tensor(number, requires_grad=True)` makes a tensor of it again, outside the graph",
        "7: `torch.tensor(number, requires_grad=True)` makes it require grad: a new leaf, with no way back",
        "8: `again.backward()` is called on what became of it",
    ]
