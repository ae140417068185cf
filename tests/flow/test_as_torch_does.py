"""What the interpreter says for certain is what real torch does: the same programs are analysed and run."""

from __future__ import annotations

import copy
import warnings
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from reveal import Known, program, reveals
from test_contexts import OFF, ON, START
from test_modules import TOLD as LAYERS
from test_storage import OF_ARRAY, OF_TENSOR
from torch import nn


def observed(text: str) -> list[Any]:
    """The values of the marked expressions when the program is run."""
    seen: list[Any] = []
    names = {"np": np, "torch": torch, "nn": nn, "F": nn.functional, "copy": copy, "flag": lambda: True}
    names["reveal"] = lambda *values: seen.extend(values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(program(text), "program.py", "exec"), names)
    return seen


def memory(value: Any) -> tuple[int, int] | None:
    """The stretch of memory that a value and all its views live in."""
    if isinstance(value, torch.Tensor):
        storage = value.untyped_storage()
        return storage.data_ptr(), storage.data_ptr() + storage.nbytes()
    while isinstance(value, np.ndarray) and isinstance(value.base, np.ndarray):
        value = value.base
    return (value.ctypes.data, value.ctypes.data + value.nbytes) if isinstance(value, np.ndarray) else None


def disagreement(known: Known, value: Any) -> str:
    """What is said of a value for certain and is not so; empty where all of it is."""
    if isinstance(value, torch.Tensor):
        if "Tensor" not in known.kind:
            return f"{known.kind}, not a Tensor"
        certain = known.requires_grad in ("yes", "no") and known.kind == "Tensor"
        if certain and value.requires_grad is not (known.requires_grad == "yes"):
            return f"requires_grad {known.requires_grad}, not {value.requires_grad}"
        if known.dtype and f"torch.{known.dtype}" != str(value.dtype):
            return f"dtype {known.dtype}, not {value.dtype}"
    elif isinstance(value, np.ndarray):
        if "Array" not in known.kind:
            return f"{known.kind}, not an Array"
        reversed_ = any(stride < 0 for stride in value.strides)
        if known.negative_stride in ("yes", "no") and reversed_ is not (known.negative_stride == "yes"):
            return f"negative stride {known.negative_stride}, not {reversed_}"
        if known.dtype and known.dtype != str(value.dtype):
            return f"dtype {known.dtype}, not {value.dtype}"
    return ""


def agree(text: str) -> None:
    known, values = reveals(text), observed(text)
    assert len(known) == len(values), "each mark is passed once"
    for one, value in zip(known, values, strict=True):
        assert not disagreement(one, value)
    living = [(one, where) for one, value in zip(known, values, strict=True) if (where := memory(value)) is not None]
    for (a, x), (b, y) in combinations(living, 2):
        said = a.shares_with(b)
        if said in ("yes", "no"):
            assert (x[0] < y[1] and y[0] < x[1]) is (said == "yes"), f"shares memory: {said}"


@pytest.mark.parametrize("made", [made for made, _ in OF_TENSOR])
def test_what_is_made_of_a_tensor(made: str) -> None:
    agree(f"""
x = torch.ones(3)
reveal(x, {made})
""")


@pytest.mark.parametrize("made", [made for made, _ in OF_ARRAY])
def test_what_is_made_of_an_array(made: str) -> None:
    agree(f"""
a = np.ones(3)
reveal(a, {made})
""")


PROGRAMS = {
    "grad modes": """
net = nn.Linear(3, 1)
w = torch.ones(3, requires_grad=True)
with torch.no_grad():
    reveal(w * 2, net(w), w, w.numpy())
with torch.inference_mode():
    reveal(w * 2)
    with torch.enable_grad():
        reveal(w * 2)
    with torch.inference_mode(False):
        reveal(w * 2)
with torch.no_grad(), torch.enable_grad():
    reveal(w * 2)
torch.set_grad_enabled(False)
reveal(w * 2)
torch.set_grad_enabled(True)
reveal(w * 2)
""",
    "frozen": """
net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)).eval()
reveal(net(torch.ones(2)), net[0].weight)
for p in net.parameters():
    p.requires_grad = False
reveal(net(torch.ones(2)), net(torch.ones(2, requires_grad=True)))
net.requires_grad_(True)
reveal(net(torch.ones(2)))
""",
    "accumulators": """
net = nn.Linear(2, 1)
total, losses, meters = 0, [], {}
for x in torch.ones(4, 2):
    loss = net(x).pow(2).mean()
    total += loss
    losses.append(loss)
    meters["loss"] = meters.get("loss", 0) + loss.detach()
reveal(total, total / 4, losses[0], torch.stack(losses), sum(losses) / len(losses), meters["loss"])
""",
    "snapshots": """
net = nn.Linear(2, 2)
state = net.state_dict()
reveal(
    net.weight.data, state["weight"], state.copy()["weight"], dict(state)["weight"],
    copy.deepcopy(state)["weight"], {k: v.cpu() for k, v in state.items()}["weight"],
    {k: v.clone() for k, v in state.items()}["weight"], net.weight.detach().numpy(),
)
""",
    "in place": """
x = torch.ones(3)
y = x
y += 1
z = x
z = z + 1
w = torch.ones(3, requires_grad=True)
buffer = torch.zeros(3)
buffer[0] = w.sum()
reveal(x, y, z, buffer, buffer.detach())
""",
    "attributes and methods": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.register_buffer("mean", torch.zeros(2))
        self.plain = torch.zeros(2)

    def forward(self, x):
        return self.layer(x - self.mean), x

net = Net()
y, x = net(torch.ones(2))
reveal(y, x, net.mean, net.plain, net.layer.bias, y.detach(), y.argmax(), y > 0)
""",
    "functions": """
def double(x, detach=False):
    y = x * 2
    return y.detach() if detach else y

def both(*args, **kwargs):
    return double(*args, **kwargs), args[0]

w = torch.ones(3, requires_grad=True)
a, b = both(w)
c, d = both(w, detach=True)
reveal(a, b, c, d)
""",
    "index results": """
w = torch.rand(4, 4, requires_grad=True)
values, indices = w.topk(2)
best, where = w.max(dim=1)
order = w.sort(dim=0)
reveal(values, indices, best, where, order[0], order[1], order.values, order.indices, w.long(), w.round(), w == w)
""",
    "distributions": """
mean = torch.zeros(3, requires_grad=True)
normal = torch.distributions.Normal(mean, 1.0)
sample, drawn = normal.sample(), normal.rsample()
reveal(sample, drawn, normal.log_prob(sample))
""",
    "losses": """
net = nn.Linear(3, 2)
out = net(torch.ones(4, 3))
target = torch.zeros(4, dtype=torch.int64)
loss = nn.CrossEntropyLoss()(out, target)
reveal(loss, F.mse_loss(out, torch.zeros(4, 2)), out.softmax(dim=1), out.argmax(dim=1))
reveal((out.argmax(dim=1) == target).sum())
(grad,) = torch.autograd.grad(loss, out)
reveal(grad)
""",
    "views of views": """
a = np.zeros((4, 4), dtype=np.float32)
t = torch.from_numpy(a)
reveal(a, t, t[1:], t[1:].T.numpy(), t.view(-1)[2:], t[:, None].squeeze(1))
reveal(t.unbind(0)[0], t.chunk(2)[0], t.clone()[1:])
""",
    "reversed": """
a = np.zeros((4, 4, 3))
reveal(a[:, ::-1], a[..., ::-1].copy(), np.flip(a, 0), np.fliplr(a), np.rot90(a))
reveal(a[::-1].transpose(2, 0, 1), a[::-1] / 255)
""",
    "containers": """
w = torch.ones(3, requires_grad=True)
batch = {"x": w, "y": torch.zeros(3)}
moved = {k: v.to("cpu") for k, v in batch.items()}
first, *rest = [w, w * 2, torch.zeros(3)]
pairs = list(zip([w], [torch.zeros(3)]))
reveal(moved["x"], first, pairs[0][0], pairs[0][1], [x.detach() for x in [w]][0], max([w.sum(), w.mean()]))
""",
    "exits": """
def f(x, flag):
    if flag:
        return x.detach()
    try:
        x = x * 2
    finally:
        pass
    while True:
        x = x + 1
        if x.sum() > 3:
            break
    return x

w = torch.ones(3, requires_grad=True)
reveal(f(w, True), f(w, False))
""",
    "requires_grad": """
x = torch.ones(3)
x.requires_grad_()
y = torch.ones(3)
y.requires_grad = True
z = torch.ones(3, requires_grad=True)
z = z.detach_() if False else z
p = nn.Parameter(torch.ones(3))
q = nn.Parameter(torch.ones(3), requires_grad=False)
reveal(x, y, z, p, q, p.data, p.detach().requires_grad_(), torch.tensor([1.0, 2.0]), torch.zeros_like(p), p.clone())
""",
    "dtypes": """
a = np.arange(3, dtype=np.float32)
t = torch.ones(3, dtype=torch.float64)
reveal(
    a * 2, a + a, a.astype(np.float64), torch.from_numpy(a), torch.tensor(a), torch.as_tensor(a), torch.Tensor(a),
    torch.FloatTensor(a), t.float(), t.numpy(), t.to(torch.float64), t > 0, t.long(), t.argmax(), t.type(torch.float32),
)
""",
    "ema": """
net, ema = nn.Linear(2,2), nn.Linear(2,2)
for p in ema.parameters():
    p.requires_grad_(False)
for p, q in zip(net.parameters(), ema.parameters()):
    q.data.mul_(0.9).add_(p.data, alpha=0.1)
reveal(net(torch.ones(2)), ema(torch.ones(2)), ema.weight, net.weight)
""",
    "partial freeze": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(2, 2)
        self.head = nn.Linear(2, 1)
        for p in self.backbone.parameters():
            p.requires_grad = False
    def forward(self, x):
        h = self.backbone(x)
        return self.head(h), h
y, h = Net()(torch.ones(2))
reveal(y, h)
""",
    "no_grad in forward": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(2, 2)
        self.head = nn.Linear(2, 1)
    def forward(self, x):
        with torch.no_grad():
            h = self.backbone(x)
        return self.head(h), h
y, h = Net()(torch.ones(2))
reveal(y, h)
""",
    "lstm": """
net = nn.LSTM(2, 3, batch_first=True)
out, (hidden, cell) = net(torch.ones(1, 4, 2))
reveal(out, hidden, cell, out[:, -1], hidden.detach())
""",
    "embedding": """
e = nn.Embedding(10, 3)
i = torch.tensor([1, 2])
reveal(e(i), e.weight, e.weight.data, i, e.weight[i], F.one_hot(i, 10))
""",
    "parameterlist": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.ps = nn.ParameterList([nn.Parameter(torch.ones(2)) for _ in range(2)])
        self.d = nn.ModuleDict({"a": nn.Linear(2, 2)})
    def forward(self, x):
        for p in self.ps:
            x = x * p
        return self.d["a"](x)
net = Net()
reveal(net(torch.ones(2)), net.ps[0])
""",
    "subclass sequential": """
class Block(nn.Sequential):
    def __init__(self, n):
        super().__init__(nn.Linear(n, n), nn.ReLU())
reveal(Block(2)(torch.ones(2)))
""",
    "accumulate detach": """
h = torch.zeros(2)
net = nn.Linear(2, 2)
for _ in range(3):
    h = net(h).detach()
reveal(h)
""",
    "where mask": """
w = torch.ones(3, requires_grad=True)
x = torch.zeros(3)
x[w > 0] = 1.0
y = torch.zeros(3)
y[:2] = w[:2]
reveal(x, y, torch.where(w > 0, 1.0, 0.0), torch.where(w > 0, w, 0.0), w.clamp(min=0), w.masked_fill(w > 0, 0))
""",
    "grad attr": """
w = torch.ones(3, requires_grad=True)
(w * 2).sum().backward()
reveal(w.grad, w.grad.clone(), w.is_leaf, w.grad.data)
""",
    "ternary chain": """
w = torch.ones(3, requires_grad=True)
x = None
x = w if x is None else x + w
x = x + w if x is not None else w
reveal(x)
""",
    "class counter": """
class Meter:
    def __init__(self):
        self.reset()
    def reset(self):
        self.sum = 0
        self.n = 0
    def update(self, v, n=1):
        self.sum += v * n
        self.n += n
    @property
    def avg(self):
        return self.sum / self.n
m = Meter()
for _ in range(3):
    m.update(torch.ones((), requires_grad=True))
reveal(m.avg, m.sum)
""",
    "checkpoint dict": """
net = nn.Linear(2, 2)
opt = torch.optim.SGD(net.parameters(), 0.1)
ckpt = {"model": net.state_dict(), "opt": opt.state_dict(), "loss": net(torch.ones(2)).sum()}
other = nn.Linear(2, 2)
other.load_state_dict(ckpt["model"])
reveal(net.weight, ckpt["model"]["weight"], ckpt["loss"], other.weight)
""",
    "scheduled": """
def make(n):
    layers = []
    for i in range(n):
        layers.append(nn.Linear(2, 2))
        layers += [nn.ReLU()]
    return nn.Sequential(*layers)
reveal(make(2)(torch.ones(2)))
""",
    "torch views": """
t = torch.ones(2, 3)
reveal(t, t.permute(1, 0), t.transpose(0, 1), t.expand(2, 2, 3), t.repeat(2, 1), t.split(1)[0], t.narrow(0, 0, 1))
reveal(t.select(0, 1), t.diagonal(), t.unfold(1, 2, 1), t.swapaxes(0, 1), torch.squeeze(t), torch.flip(t, [0]))
reveal(t.roll(1), torch.concat([t, t]), t.index_select(0, torch.tensor([0])), t.movedim(0, 1), t.detach().data)
reveal(torch.broadcast_to(t, (2, 2, 3)), t.view_as(t), t.expand_as(t), t.mT, t.t(), torch.atleast_2d(t))
""",
    "numpy views": """
a = np.ones((2, 3))
b = a
b += 1
reveal(a, b, a.T, a.reshape(3, 2), np.concatenate([a, a]), np.stack([a, a]), np.squeeze(a), a[None], np.transpose(a))
reveal(np.expand_dims(a, 0), np.where(a > 0, a, 0), np.copy(a), np.broadcast_to(a, (2, 2, 3)), np.swapaxes(a, 0, 1))
reveal(np.atleast_2d(a), np.diag(a), a.view(), a.real, np.clip(a, 0, 1), np.sort(a), a.sum(axis=0))
""",
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_programs(text: str) -> None:
    agree(text)


@pytest.mark.xfail(strict=True, reason="one fact stands for all parameters of a distribution, whatever a method uses")
def test_the_entropy_of_a_normal_depends_on_its_scale_alone() -> None:
    agree("""
normal = torch.distributions.Normal(torch.zeros(3, requires_grad=True), 1.0)
reveal(normal.entropy())
""")


@pytest.mark.parametrize(("made", "trainable"), [told for told in LAYERS if told[1] != "unknown"])
def test_layers_that_are_told_whether_to_learn(made: str, trainable: str) -> None:
    (layer,) = observed(f"\nreveal({made})\n")
    assert any(parameter.requires_grad for parameter in layer.parameters()) is (trainable == "yes")


@pytest.mark.parametrize("definition", [*OFF.values(), *ON.values()], ids=[*OFF, *ON])
def test_contexts_of_the_program(definition: str) -> None:
    agree(f"""{START}net = nn.Linear(2, 2){definition}
with context():
    reveal(w * 2)
reveal(w * 2)
""")
