"""What each rule says of events made by hand: which, how firmly, on what evidence, in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from handmade import Program

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, How
from tensorlint.flow.facts import NO, Fact, Place, Reason, Truth, yes
from tensorlint.flow.values import Array, Ref, Tensor
from tensorlint.rules.base import Verdict
from tensorlint.rules.registry import rule

YES, NOT, MAYBE, UNKNOWN = Truth.YES, Truth.NO, Truth.MAYBE, Truth.UNKNOWN
CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE


def judged(code: str, event: Event) -> Verdict | None:
    verdicts = list(rule(code).judge(event))
    assert len(verdicts) <= 1
    return verdicts[0] if verdicts else None


@pytest.mark.parametrize("code", ["TSL101", "TSL102"])
@pytest.mark.parametrize(
    ("truth", "always", "kind", "confidence"),
    [
        (YES, True, YES, CERTAIN),
        (YES, False, YES, LIKELY),
        (MAYBE, True, YES, LIKELY),
        (MAYBE, False, UNKNOWN, LIKELY),
        (UNKNOWN, True, YES, POSSIBLE),
        (UNKNOWN, True, MAYBE, POSSIBLE),
        (UNKNOWN, True, UNKNOWN, None),
        (NOT, True, YES, None),
    ],
)
def test_the_confidence_of_a_conversion(
    code: str, truth: Truth, always: bool, kind: Truth, confidence: Confidence | None
) -> None:
    program = Program("y = x.numpy()\n")
    facts = {"grad": truth, "device": NOT} if code == "TSL101" else {"device": truth, "grad": NOT}
    verdict = judged(code, program.conversion("x.numpy()", "x", always=always, kind=kind, **facts))
    assert (verdict.confidence if verdict is not None else None) == confidence
    if verdict is not None:
        assert verdict.place == program.place("x.numpy()")
        assert verdict.repair is not None
        assert verdict.evidence


def test_the_messages_of_a_conversion_that_meets_a_gradient() -> None:
    program = Program("y = np.mean(losses)\nz = x.numpy()\nw = np.from_dlpack(x)\n")
    certain = judged("TSL101", program.conversion("x.numpy()", "x"))
    assert certain is not None
    assert (
        certain.message
        == "`x` requires grad: `.numpy()` raises RuntimeError: Can't call numpy() on Tensor that requires grad"
    )
    listed = judged(
        "TSL101",
        program.conversion("np.mean(losses)", "losses", How.IMPLICIT, by="np.mean", in_container=True, grad=MAYBE),
    )
    assert listed is not None
    assert listed.message.startswith("tensors in `losses` may require grad: then `np.mean` raises RuntimeError")
    possible = judged("TSL101", program.conversion("x.numpy()", "x", grad=UNKNOWN))
    assert possible is not None
    assert possible.message.startswith("it is not known whether `x` requires grad; if so, `.numpy()` raises")
    dlpack = judged("TSL101", program.conversion("np.from_dlpack(x)", "x", How.EXPLICIT, by="np.from_dlpack"))
    assert dlpack is not None
    assert "BufferError: Can't export tensors that require gradient" in dlpack.message


def test_the_messages_of_a_conversion_that_meets_a_gpu() -> None:
    program = Program("y = np.mean(losses)\nz = x.numpy()\n")
    certain = judged("TSL102", program.conversion("x.numpy()", "x", grad=NOT, device=YES))
    assert certain is not None
    assert (
        certain.message
        == "`x` is on a GPU: `.numpy()` raises TypeError: can't convert cuda:0 device type tensor to numpy"
    )
    likely = judged("TSL102", program.conversion("x.numpy()", "x", grad=NOT, device=MAYBE))
    assert likely is not None
    assert likely.message.startswith("`x` may be on a GPU: there `.numpy()` raises TypeError")


def test_one_conversion_with_two_causes_has_one_repair() -> None:
    program = Program("y = x.numpy()\n")
    event = program.conversion("x.numpy()", "x", grad=YES, device=MAYBE)
    grad, device = judged("TSL101", event), judged("TSL102", event)
    assert grad is not None
    assert device is not None
    assert grad.repair is not None
    assert device.repair is not None
    for style in ("full", "minimal", "force"):
        fixes = [program.fix(verdict.repair.in_style(style)) for verdict in (grad, device) if verdict.repair]
        assert fixes[0] == fixes[1] is not None


def test_the_evidence_begins_with_the_origin_and_ends_with_the_calls() -> None:
    program = Program("a = f(w)\nb = g(a)\nc = b.numpy()\n")
    origin = Reason(program.place("w"), "a parameter requires grad")
    fact = yes(program.place("f(w)"), "computed from it", origin).because(program.place("g(a)"), "and again")
    event = program.conversion("b.numpy()", "b")
    calls = (Reason(program.place("c"), "called from here"), Reason(program.place("w"), "a parameter requires grad"))
    verdict = judged("TSL101", replace(event, tensor=replace(event.tensor, requires_grad=fact), calls=calls))
    assert verdict is not None
    assert [step.text for step in verdict.evidence] == [
        "a parameter requires grad",
        "computed from it",
        "and again",
        "called from here",
    ]


def test_a_write_through_an_array() -> None:
    program = Program("a = t.numpy()\na += 1\nb = t\n")
    event = program.write("b", "t.numpy()")
    verdict = judged("TSL201", replace(event, written_name="a"))
    assert verdict is not None
    assert verdict.confidence is CERTAIN
    assert verdict.message == "this write to `a` also changes `t`, which shares its memory"
    assert [step.text for step in verdict.evidence] == ["shares memory from here on", "`t` is read again"]
    assert verdict.repair is not None
    perhaps = judged("TSL201", replace(event, certain=False))
    assert perhaps is not None
    assert perhaps.confidence is LIKELY


def test_a_write_through_a_tensor_is_another_rule_s() -> None:
    program = Program("a = torch.from_numpy(b)\na.add_(1)\n")
    assert judged("TSL201", program.write("a.add_(1)", "torch.from_numpy(b)", Tensor())) is None


@pytest.mark.parametrize(("certain", "confidence"), [(True, CERTAIN), (False, LIKELY)])
def test_a_stale_snapshot(certain: bool, confidence: Confidence) -> None:
    program = Program("best = net.state_dict()\n")
    verdict = judged("TSL203", program.stale("net.state_dict()", Ref(1), certain=certain))
    assert verdict is not None
    assert verdict.confidence is confidence
    assert verdict.message.startswith("what is kept here is no copy and changes with its source: the state of `net`")
    assert [step.text for step in verdict.evidence] == ["kept here", "the optimizer steps"]
    assert verdict.repair is not None


@pytest.mark.parametrize(
    ("truth", "always", "confidence"),
    [
        (YES, True, CERTAIN),
        (YES, False, LIKELY),
        (MAYBE, True, LIKELY),
        (UNKNOWN, True, None),
        (NOT, True, None),
    ],
)
def test_a_negative_stride(truth: Truth, always: bool, confidence: Confidence | None) -> None:
    program = Program("t = torch.from_numpy(a[::-1])\n")
    verdict = judged("TSL301", program.to_torch("torch.from_numpy(a[::-1])", "a[::-1]", truth=truth, always=always))
    assert (verdict.confidence if verdict is not None else None) == confidence
    if verdict is not None:
        assert "`a[::-1]`" in verdict.message
        assert "raises ValueError: At least one stride in the given numpy array is negative" in verdict.message


@pytest.mark.parametrize(
    ("operator", "outcome"), [("==", "False"), ("!=", "True"), ("in", "False"), ("not in", "True")]
)
def test_a_device_compared_with_text(operator: str, outcome: str) -> None:
    program = Program(f'same = x.device {operator} "cuda"\n')
    event = program.comparison(f'x.device {operator} "cuda"', "x.device", '"cuda"', "cuda", operator)
    verdict = judged("TSL503", event)
    assert verdict is not None
    assert verdict.confidence is CERTAIN
    assert f"`{operator}` is always {outcome} here" in verdict.message
    perhaps = judged("TSL503", replace(event, fact=Fact(MAYBE, event.fact.reason)))
    assert perhaps is not None
    assert perhaps.confidence is LIKELY
    assert judged("TSL503", replace(event, fact=NO)) is None
    assert judged("TSL503", replace(event, operator="is")) is None


@pytest.mark.parametrize(("truth", "confidence"), [(YES, CERTAIN), (MAYBE, LIKELY), (UNKNOWN, None), (NOT, None)])
def test_a_dropped_result(truth: Truth, confidence: Confidence | None) -> None:
    program = Program("x.cpu()\n")
    verdict = judged("TSL506", program.discarded("x.cpu()", "x", "cpu", truth=truth))
    assert (verdict.confidence if verdict is not None else None) == confidence
    if verdict is not None:
        assert verdict.message.startswith("`x.cpu(...)` leaves `x` as it is")


def test_an_event_without_reasons_has_no_evidence() -> None:
    program = Program("t = torch.from_numpy(a)\n")
    event = program.to_torch("torch.from_numpy(a)", "a")
    verdict = judged("TSL301", replace(event, array=Array(negative_stride=Fact(YES))))
    assert verdict is not None
    assert verdict.evidence == ()
    assert isinstance(verdict.place, Place)
