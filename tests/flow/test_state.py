"""Program points: paths part and meet; conditions that are known to hold rule out what contradicts them."""

from __future__ import annotations

from reveal import findings, reveal, reveals

from tensorlint.flow.facts import Truth
from tensorlint.flow.state import State
from tensorlint.flow.values import Constant, Tensor


def test_a_fork_goes_its_own_way() -> None:
    state = State()
    state.names["x"] = Constant(1)
    other = state.fork()
    other.names["x"] = Constant(2)
    other.assumed["flag"] = True
    assert state.names["x"] == Constant(1)
    assert state.assumed == {}


def test_a_path_that_ended_adds_nothing() -> None:
    state, ended = State(), State()
    state.names["x"] = Constant(1)
    ended.names["x"] = Tensor()
    ended.alive = False
    assert not state.join(ended)
    assert state.names["x"] == Constant(1)


def test_an_ended_path_goes_on_where_a_living_one_joins_it() -> None:
    ended, state = State(), State()
    ended.alive = False
    state.names["x"] = Constant(1)
    assert ended.join(state)
    assert ended.alive
    assert ended.names == {"x": Constant(1)}


def test_joining_says_whether_anything_was_learnt() -> None:
    state = State()
    state.names["x"] = Constant(1)
    assert not state.join(state.fork())
    other = state.fork()
    other.names["x"] = Constant(2)
    assert state.join(other)
    assert state.records() is Truth.YES


def test_after_a_return_only_the_other_path_goes_on() -> None:
    x = reveal("""
def f(flag):
    x = torch.ones(3, requires_grad=True)
    if not flag:
        x = torch.ones(3)
        return x
    reveal(x)
""")
    assert x.requires_grad == "yes"


def test_a_condition_that_was_tested_before_decides_again() -> None:
    trained, evaluated, open_ = reveals("""
def f(train):
    x = torch.ones(3, requires_grad=train is not None)
    x = torch.ones(3)
    if train:
        x = torch.ones(3, requires_grad=True)
    if train:
        reveal(x)
    else:
        reveal(x)
    reveal(x)
""")
    assert trained.requires_grad == "maybe"
    assert evaluated.requires_grad == "no"
    assert open_.requires_grad == "maybe"


def test_negation_and_comparison_decide_as_the_plain_condition_does() -> None:
    quiet, quiet_too, loud = reveals("""
def f(mode, flag):
    x = torch.ones(3)
    y = torch.ones(3)
    if mode == "train":
        x = torch.ones(3, requires_grad=True)
    if not flag:
        y = torch.ones(3, requires_grad=True)
    if mode != "train":
        reveal(x)
    if flag:
        reveal(y)
    if mode == "train":
        reveal(x)
""")
    assert (quiet.requires_grad, quiet_too.requires_grad, loud.requires_grad) == ("no", "no", "maybe")


def test_values_that_contradict_a_known_condition_are_ruled_out() -> None:
    used = reveal("""
def f(as_array):
    x = torch.ones(3, requires_grad=True)
    if as_array:
        x = np.ones(3)
    if as_array:
        reveal(x)
""")
    assert used.kind == "Array"


def test_a_guarded_conversion_is_no_finding() -> None:
    assert not findings("""
def f(net, x, numpy=False):
    y = nn.Linear(2, 2)(x)
    if numpy:
        y = y.detach()
    if numpy:
        return y.numpy()
    return y
""")


def test_a_condition_whose_name_is_assigned_again_decides_nothing() -> None:
    renamed, attribute = reveals("""
class Trainer:
    def run(self, flag, x=None):
        if flag:
            x = torch.ones(3, requires_grad=True)
        flag = self.other()
        if not flag:
            reveal(x)
        y = torch.ones(3)
        if self.train:
            y = torch.ones(3, requires_grad=True)
        self.train = False
        if not self.train:
            reveal(y)
""")
    assert renamed.requires_grad in ("yes", "maybe")
    assert attribute.requires_grad == "maybe"


def test_a_flag_for_the_first_pass_does_not_hide_what_the_others_see() -> None:
    assert findings("""
net = nn.Linear(2, 2)
first = True
for x in torch.zeros(5, 2):
    if first:
        y = net(x)
        first = False
    else:
        print(y.numpy())
""") == [("TSL101", 9, 15, "certain")]
