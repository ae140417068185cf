"""Classes: attributes across methods, inheritance, properties, class and static methods, records."""

from __future__ import annotations

import pytest
from reveal import evidence, findings, reveal, reveals


def test_an_attribute_set_in_one_method_is_known_in_the_others() -> None:
    text = """
class Trainer:
    def __init__(self):
        self.net = nn.Linear(2, 2)
        self.losses = []

    def report(self):
        return np.mean(self.losses)

    def step(self, x):
        self.losses.append(self.net(x).sum())
"""
    assert findings(text) == [("TSL101", 8, 16, "certain")]
    assert evidence(text) == [
        "4: `nn.Linear(2, 2)` has parameters that require grad",
        "11: output of `self.net` (nn.Linear), whose parameters require grad",
        "11: `self.net(x).sum()` is put into `self.losses`",
    ]


def test_what_methods_leave_in_an_attribute_is_joined() -> None:
    x = reveal("""
class Thing:
    def __init__(self):
        self.x = None

    def fill(self):
        self.x = torch.ones(3, requires_grad=True)

    def use(self):
        reveal(self.x)
""")
    assert x.kind == "None | Tensor"
    assert x.requires_grad == "yes"


def test_each_instance_has_its_own_attributes() -> None:
    a, b = reveals("""
class Box:
    def __init__(self, x):
        self.x = x

a = Box(torch.ones(3, requires_grad=True))
b = Box(np.ones(3))
reveal(a.x, b.x)
""")
    assert (a.kind, b.kind) == ("Tensor", "Array")


def test_methods_and_attributes_are_inherited_and_super_is_called() -> None:
    own, base = reveals("""
class Base:
    def __init__(self, x):
        self.x = x

    def value(self):
        return self.x

class Derived(Base):
    def __init__(self, x):
        super().__init__(x * 2)
        self.y = x

    def value(self):
        return super().value() + self.y

d = Derived(torch.ones(3, requires_grad=True))
reveal(d.value(), d.x)
""")
    assert own.requires_grad == base.requires_grad == "yes"


def test_a_method_that_is_overridden_is_the_one_that_is_called() -> None:
    x = reveal("""
class Base:
    def make(self):
        return np.ones(3)

    def use(self):
        return self.make()

class Derived(Base):
    def make(self):
        return torch.ones(3)

reveal(Derived().use())
""")
    assert x.kind == "Tensor"


def test_properties_class_methods_static_methods_and_calls() -> None:
    prop, made, static, called, item = reveals("""
class Box:
    def __init__(self, x):
        self._x = x

    @property
    def x(self):
        return self._x

    @x.setter
    def x(self, value):
        self._x = value

    @classmethod
    def make(cls, x):
        return cls(x)

    @staticmethod
    def double(x):
        return x * 2

    def __call__(self, y):
        return self._x * y

    def __getitem__(self, i):
        return self._x[i]

w = torch.ones(3, requires_grad=True)
reveal(Box(w).x, Box.make(w)._x, Box.double(w), Box(w)(3), Box(w)[0])
""")
    for known in (prop, made, static, called, item):
        assert known.requires_grad == "yes"


def test_class_attributes_are_those_of_the_instances() -> None:
    on_class, on_instance = reveals("""
class Settings:
    device = torch.device("cuda")

reveal(Settings.device, Settings().device)
""")
    assert on_class.accelerator == on_instance.accelerator == "yes"


@pytest.mark.parametrize(
    "definition",
    [
        "from dataclasses import dataclass\n@dataclass\nclass Batch:\n    x: torch.Tensor\n    n: int = 0",
        "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass Batch:\n    x: object\n    n: int = 0",
        "from typing import NamedTuple\nclass Batch(NamedTuple):\n    x: torch.Tensor\n    n: int = 0",
    ],
)
def test_records_hold_what_they_are_made_of(definition: str) -> None:
    by_position, by_name = reveals(f"""
{definition}
w = torch.ones(3, requires_grad=True)
reveal(Batch(w).x, Batch(n=1, x=w).x)
""")
    assert by_position.requires_grad == by_name.requires_grad == "yes"


@pytest.mark.parametrize("fields", ['["state", "loss"]', '("state", "loss")', '"state loss"', '"state, loss"'])
def test_a_named_tuple_made_by_a_call(fields: str) -> None:
    x = reveal(f"""
from collections import namedtuple
Transition = namedtuple("Transition", {fields})
t = Transition(np.ones(3), torch.ones(3, requires_grad=True))
reveal(t.loss)
""")
    assert x.requires_grad == "yes"


def test_fields_of_a_record_are_told_by_their_annotations_and_defaults() -> None:
    x, losses = reveals("""
from dataclasses import dataclass, field

@dataclass
class Batch:
    x: torch.Tensor
    losses: list = field(default_factory=list)

def use(batch: Batch):
    reveal(batch.x)

b = Batch(torch.ones(3))
b.losses.append(torch.ones(3, requires_grad=True))
reveal(b.losses)
""")
    assert (x.kind, x.requires_grad) == ("Tensor", "unknown")
    assert losses.element.requires_grad == "yes"


def test_unpacking_and_indexing_a_named_tuple() -> None:
    first, second = reveals("""
from typing import NamedTuple

class Pair(NamedTuple):
    a: torch.Tensor
    b: object

p = Pair(torch.ones(3, requires_grad=True), np.ones(3))
reveal(p[0], p[1])
""")
    assert (first.requires_grad, second.kind) == ("yes", "Array")


def test_an_attribute_of_an_object_of_unseen_making_is_remembered() -> None:
    x = reveal("""
def f(args):
    args.device = torch.device("cuda")
    reveal(args.device)
""")
    assert x.accelerator == "yes"


def test_setattr_and_getattr_with_a_plain_name() -> None:
    x, y = reveals("""
class Thing: pass
t = Thing()
setattr(t, "x", torch.ones(3, requires_grad=True))
reveal(t.x, getattr(t, "x"))
""")
    assert x.requires_grad == y.requires_grad == "yes"


TEMPLATE = """
class Base:
    def __init__(self, net: nn.Module):
        self.net = net
        self.outputs = []
    def run(self, batches):
        for batch in batches:
            self.log(self.step(batch))
    def log(self, out):
        self.seen = out.numpy()
    def step(self, batch):
        raise NotImplementedError
    def flush(self):
        return np.stack(self.outputs)
    def other(self):
        return np.stack(self.others)
"""


def test_an_inherited_method_calls_what_the_class_overrides() -> None:
    assert not findings(TEMPLATE)
    text = TEMPLATE + "class Mine(Base):\n    def step(self, batch):\n        return self.net(batch)"
    assert findings(text + "\n") == [("TSL101", 10, 21, "likely")]
    assert not findings(text + ".detach()\n")


def test_an_inherited_method_reads_what_the_class_sets() -> None:
    text = TEMPLATE + "class Mine(Base):\n    def keep(self, batch):\n        self.outputs.append(self.net(batch)"
    assert findings(text + ")\n") == [("TSL101", 14, 16, "likely")]
    assert not findings(text + ".detach())\n")


def test_an_inherited_method_gives_the_class_what_it_computes() -> None:
    assert findings(
        TEMPLATE.replace("self.log(self.step(batch))", "self.use(self.net(batch))")
        + "class Mine(Base):\n    def use(self, out):\n        return out.numpy()\n"
    ) == [("TSL101", 19, 16, "likely")]
