"""The chain of a conversion: what is there stays, what is missing comes in, in its order."""

from __future__ import annotations

import pytest
from handmade import Program

from tensorlint.finding import Applicability
from tensorlint.fixes.chain import STYLES, complete_chain
from tensorlint.flow.events import How
from tensorlint.flow.facts import Truth

YES, NO, MAYBE, UNKNOWN = Truth.YES, Truth.NO, Truth.MAYBE, Truth.UNKNOWN


@pytest.mark.parametrize(
    ("receiver", "full"),
    [
        ("x", "x.detach().cpu()"),
        ("net(x)[0]", "net(x)[0].detach().cpu()"),
        ("x.cpu()", "x.detach().cpu()"),
        ("x.detach()", "x.detach().cpu()"),
        ("x.data", "x.data.cpu()"),
        ('x.to("cpu")', 'x.detach().to("cpu")'),
        ('x.to(device="cpu")', 'x.detach().to(device="cpu")'),
        ('x.to("cpu", torch.float32)', 'x.detach().to("cpu", torch.float32)'),
        ('x.to(torch.device("cpu"))', 'x.detach().to(torch.device("cpu"))'),
        ('x.to("cuda")', 'x.to("cuda").detach().cpu()'),
        ("x.to(torch.float32)", "x.to(torch.float32).detach().cpu()"),
        ("x.cpu().to(device)", "x.cpu().to(device).detach().cpu()"),
        ("x.detach().to(device)", "x.detach().to(device).cpu()"),
        ("x.cpu().float()", "x.detach().cpu().float()"),
        ("x.squeeze().cpu().resolve_conj()", "x.squeeze().detach().cpu().resolve_conj()"),
        ("x.detach().squeeze(0)[1]", "x.detach().squeeze(0)[1].cpu()"),
        ("x.detach().requires_grad_()", "x.detach().requires_grad_().detach().cpu()"),
        ("x.detach().matmul(w)", "x.detach().matmul(w).detach().cpu()"),
        ("x.cpu()  .T", "x.detach().cpu()  .T"),
    ],
)
def test_an_explicit_conversion_gets_the_links_it_misses(receiver: str, full: str) -> None:
    program = Program(f"y = {receiver}.numpy()\n")
    repair = complete_chain(program.conversion(f"{receiver}.numpy()", receiver, device=MAYBE))
    assert repair is not None
    assert repair.applicability is Applicability.SAFE
    assert program.fixed(repair) == f"y = {full}.numpy()\n"


def test_a_complete_chain_is_left_alone() -> None:
    program = Program("y = x.detach().cpu().numpy()\n")
    assert complete_chain(program.conversion("x.detach().cpu().numpy()", "x.detach().cpu()")) is None


@pytest.mark.parametrize(
    ("style", "grad", "device", "expected"),
    [
        ("full", YES, NO, "x.detach().cpu().numpy()"),
        ("minimal", YES, NO, "x.detach().numpy()"),
        ("minimal", NO, MAYBE, "x.cpu().numpy()"),
        ("minimal", YES, YES, "x.detach().cpu().numpy()"),
        ("force", YES, NO, "x.numpy(force=True)"),
    ],
)
def test_the_styles_of_an_explicit_conversion(style: str, grad: Truth, device: Truth, expected: str) -> None:
    program = Program("y = x.numpy()\n")
    repair = complete_chain(program.conversion("x.numpy()", "x", grad=grad, device=device))
    assert repair is not None
    assert program.fixed(repair.in_style(style)) == f"y = {expected}\n"
    assert repair.in_style(style).applicability is Applicability.SAFE


@pytest.mark.parametrize(
    ("style", "expected", "applicability"),
    [
        ("full", "np.exp(x.detach().cpu().numpy())", Applicability.UNSAFE),
        ("minimal", "np.exp(x.detach())", Applicability.SAFE),
        ("force", "np.exp(x.numpy(force=True))", Applicability.UNSAFE),
    ],
)
def test_the_styles_of_an_implicit_conversion(style: str, expected: str, applicability: Applicability) -> None:
    program = Program("y = np.exp(x)\n")
    repair = complete_chain(program.conversion("np.exp(x)", "x", How.IMPLICIT))
    assert repair is not None
    assert program.fixed(repair.in_style(style)) == f"y = {expected}\n"
    assert repair.in_style(style).applicability is applicability


def test_the_default_style_is_the_first() -> None:
    program = Program("y = x.numpy()\n")
    repair = complete_chain(program.conversion("x.numpy()", "x"))
    assert repair is not None
    assert [style for style, _ in repair.styles] == list(STYLES[1:])
    assert repair.in_style(STYLES[0]) is repair


def test_asarray_keeps_its_other_arguments() -> None:
    program = Program("y = np.asarray(x, dtype=np.float32)\n")
    repair = complete_chain(program.conversion("np.asarray(x, dtype=np.float32)", "x", How.EXPLICIT))
    assert repair is not None
    assert repair.applicability is Applicability.SAFE
    assert program.fixed(repair) == "y = np.asarray(x.detach().cpu(), dtype=np.float32)\n"


def test_an_argument_that_may_be_something_else_makes_the_fix_unsafe() -> None:
    program = Program("y = np.asarray(x)\n")
    repair = complete_chain(program.conversion("np.asarray(x)", "x", How.EXPLICIT, always=False))
    assert repair is not None
    assert repair.applicability is Applicability.UNSAFE
    assert "something else than a tensor" in repair.message


def test_a_receiver_of_numpy_is_a_tensor_wherever_the_program_worked() -> None:
    program = Program("y = x.numpy()\n")
    repair = complete_chain(program.conversion("x.numpy()", "x", always=False))
    assert repair is not None
    assert repair.applicability is Applicability.SAFE


@pytest.mark.parametrize(
    "argument",
    ["a + b", "-a", "a if c else b", "not a", "lambda: a", "a < b", "await a", "a and b", "w := a", "2.5"],
)
def test_an_argument_that_is_no_primary_is_put_in_parentheses(argument: str) -> None:
    program = Program(f"async def f():\n    return np.exp({argument})\n")
    repair = complete_chain(program.conversion(f"np.exp({argument})", argument, How.IMPLICIT))
    fixed = program.fixed(repair)
    assert fixed == f"async def f():\n    return np.exp(({argument}).detach().cpu().numpy())\n"
    compile(fixed, "fixed", "exec")


def test_an_argument_in_parentheses_of_its_own_gets_no_second_pair() -> None:
    program = Program("y = (a * b) * arr\n")
    repair = complete_chain(program.conversion("(a * b) * arr", "a * b", How.IMPLICIT, by="*"))
    assert program.fixed(repair) == "y = (a * b).detach().cpu().numpy() * arr\n"


@pytest.mark.parametrize(
    ("operand", "expected"),
    [
        ("losses", "[t.detach().cpu().numpy() for t in losses]"),
        ("self.losses", "[t.detach().cpu().numpy() for t in self.losses]"),
        ("t", "[item.detach().cpu().numpy() for item in t]"),
        ("[a, b + c]", "[a.detach().cpu().numpy(), (b + c).detach().cpu().numpy()]"),
        ("[a, 0.0, -1, None]", "[a.detach().cpu().numpy(), 0.0, -1, None]"),
        ("(a, b)", "(a.detach().cpu().numpy(), b.detach().cpu().numpy())"),
        ("[*a, b]", "[t.detach().cpu().numpy() for t in [*a, b]]"),
        ("[f(x) for x in xs]", "[f(x).detach().cpu().numpy() for x in xs]"),
        ("[x * 2 for x in xs if x]", "[(x * 2).detach().cpu().numpy() for x in xs if x]"),
        ("[x.cpu() for x in xs]", "[x.detach().cpu().numpy() for x in xs]"),
    ],
)
def test_the_elements_of_a_list_are_converted(operand: str, expected: str) -> None:
    program = Program(f"y = np.mean({operand})\n")
    bare = operand[1:-1] if operand.startswith("(") else operand
    repair = complete_chain(program.conversion(f"np.mean({operand})", bare, How.IMPLICIT, in_container=True))
    assert repair is not None
    assert repair.applicability is Applicability.UNSAFE
    assert program.fixed(repair) == f"y = np.mean({expected})\n"


@pytest.mark.parametrize("operand", ["[[a, b], [c, d]]", '{"loss": losses}', "a if c else b", "f(x) or g(x)"])
def test_there_is_no_fix_where_it_is_not_known_what_to_write(operand: str) -> None:
    program = Program(f"y = np.mean({operand})\n")
    event = program.conversion(f"np.mean({operand})", operand, How.IMPLICIT, in_container=True)
    assert complete_chain(event) is None


def test_a_list_that_was_filled_by_append_is_converted_where_it_is_used_and_the_message_says_what_is_better() -> None:
    program = Program("losses.append(loss)\ny = np.mean(losses)\n")
    event = program.conversion(
        "np.mean(losses)", "losses", How.IMPLICIT, in_container=True, appended=(program.place("loss"),), nth=1
    )
    repair = complete_chain(event)
    assert repair is not None
    assert ".item()" in repair.message
    assert program.fixed(repair) == "losses.append(loss)\ny = np.mean([t.detach().cpu().numpy() for t in losses])\n"


def test_a_list_of_lists_gets_no_fix() -> None:
    program = Program("rows.append([a, b])\ny = np.mean(rows)\n")
    event = program.conversion(
        "np.mean(rows)", "rows", How.IMPLICIT, in_container=True, appended=(program.place("[a, b]"),), nth=1
    )
    assert complete_chain(event) is None


def test_what_may_be_a_dict_gets_no_comprehension() -> None:
    program = Program("y = pd.DataFrame(history)\nz = pd.DataFrame([a])\n")
    event = program.conversion("pd.DataFrame(history)", "history", How.IMPLICIT, in_container=True, by="pd.DataFrame")
    assert complete_chain(event) is None
    event = program.conversion("pd.DataFrame([a])", "[a]", How.IMPLICIT, in_container=True, by="pd.DataFrame")
    assert program.fixed(complete_chain(event)).endswith("z = pd.DataFrame([a.detach().cpu().numpy()])\n")


def test_layout_and_comments_stay() -> None:
    program = Program("y = (\n\tnet( x )  # the net\n\t.squeeze( )\n\t.numpy( )  # an array\n)\n")
    event = program.conversion("net( x )  # the net\n\t.squeeze( )\n\t.numpy( )", "net( x )  # the net\n\t.squeeze( )")
    expected = "y = (\n\tnet( x )  # the net\n\t.squeeze( ).detach().cpu()\n\t.numpy( )  # an array\n)\n"
    assert program.fixed(complete_chain(event)) == expected


def test_force_is_unsafe_where_it_would_lose_a_comment() -> None:
    program = Program("y = (x  # the net's\n  .numpy())\n")
    repair = complete_chain(program.conversion("x  # the net's\n  .numpy()", "x"))
    assert repair is not None
    fix = program.fix(repair.in_style("force"))
    assert fix is not None
    assert fix.applicability is Applicability.UNSAFE
    assert "comment" in fix.message
    safe = program.fix(repair)
    assert safe is not None
    assert safe.applicability is Applicability.SAFE


def test_force_false_becomes_force_true() -> None:
    program = Program("y = x.numpy(force=False)\n")
    repair = complete_chain(program.conversion("x.numpy(force=False)", "x"))
    assert repair is not None
    assert program.fixed(repair.in_style("force")) == "y = x.numpy(force=True)\n"


def test_a_conversion_inside_an_f_string() -> None:
    program = Program("""print(f"{x.numpy()} {np.mean(losses)!r:>10}")\n""")
    repair = complete_chain(program.conversion("x.numpy()", "x"))
    assert program.fixed(repair) == """print(f"{x.detach().cpu().numpy()} {np.mean(losses)!r:>10}")\n"""
