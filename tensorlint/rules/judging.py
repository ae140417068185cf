"""What the rules share: how a fact becomes a confidence, and reasons become evidence."""

from __future__ import annotations

from tensorlint.finding import Confidence
from tensorlint.flow.events import Conversion, Event
from tensorlint.flow.facts import Fact, Reason, Truth

__all__ = ["conversion_confidence", "converter", "evidence", "form_confidence", "subject", "told_apart"]


def conversion_confidence(fact: Fact, event: Conversion) -> Confidence | None:
    """How firmly a conversion is believed to meet a tensor with ``fact``; None if there is nothing to say.

    An unknown fact is *possible* where it is known that a tensor is converted; a fact that is ruled out never is.
    """
    if fact.truth is Truth.YES:
        return told_apart(event.always)
    if fact.truth is Truth.MAYBE:
        return Confidence.LIKELY
    if fact.truth is Truth.UNKNOWN and event.tensor.kind.holds:
        return Confidence.POSSIBLE
    return None


def told_apart(always: bool) -> Confidence:
    """Certain where something holds on every path, else likely."""
    return Confidence.CERTAIN if always else Confidence.LIKELY


def evidence(event: Event, *reasons: Reason | None) -> tuple[Reason, ...]:
    """The chains of ``reasons``, each with its origin first, then the calls that led to the event; every step once."""
    steps: dict[tuple[int, str], Reason] = {}
    for reason in reasons:
        for step in reversed(tuple(reason.chain()) if reason is not None else ()):
            steps.setdefault((id(step.place.node), step.text), step)
    for step in event.calls:
        steps.setdefault((id(step.place.node), step.text), step)
    return tuple(steps.values())


def converter(event: Conversion) -> str:
    """What converts, in a sentence: code in backticks, a phrase (``an operator with an ndarray``) as it is."""
    return event.by if event.by.startswith(("a ", "an ")) else f"`{event.by}`"


def subject(event: Conversion, says: str, say: str) -> str:
    """The start of a sentence about what is converted, with its verb in the singular, or the plural for a container."""
    if event.in_container:
        return f"tensors in `{event.operand_name}` {say}"
    return f"`{event.operand_name}` {says}"


def form_confidence(fact: Fact, event: Conversion) -> Confidence | None:
    """How firmly a conversion is believed to meet a tensor in a form that few tensors have.

    Nothing is said where it is not known: every tensor might have it.
    """
    return conversion_confidence(fact, event) if fact.holds else None
