"""Facts: three-valued truths that carry their reason and, where paths met, the conditions they hang on."""

from __future__ import annotations

import libcst as cst
import pytest

from tensorlint.flow.facts import NO, UNKNOWN, Fact, Place, Reason, Truth, either, maybe, yes

HERE = Place("a.py", cst.Name("here"))
THERE = Place("a.py", cst.Name("there"))
YES = yes(HERE, "it is so")
MAYBE = maybe(HERE, "it may be so")


@pytest.mark.parametrize(
    ("a", "b", "joined"),
    [
        (YES, YES, Truth.YES),
        (YES, MAYBE, Truth.MAYBE),
        (YES, NO, Truth.MAYBE),
        (YES, UNKNOWN, Truth.MAYBE),
        (MAYBE, NO, Truth.MAYBE),
        (MAYBE, UNKNOWN, Truth.MAYBE),
        (NO, NO, Truth.NO),
        (NO, UNKNOWN, Truth.UNKNOWN),
        (UNKNOWN, UNKNOWN, Truth.UNKNOWN),
    ],
)
def test_where_paths_meet_a_fact_holds_for_certain_only_if_it_did_on_both(a: Fact, b: Fact, joined: Truth) -> None:
    assert a.join(b).truth is joined
    assert b.join(a).truth is joined


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ((), Truth.NO),
        ((NO, UNKNOWN), Truth.UNKNOWN),
        ((NO, MAYBE, UNKNOWN), Truth.MAYBE),
        ((UNKNOWN, YES, MAYBE), Truth.YES),
    ],
)
def test_the_result_of_an_operation_has_what_one_operand_has(facts: tuple[Fact, ...], result: Truth) -> None:
    assert either(*facts).truth is result
    assert either(*reversed(facts)).truth is result


def test_a_fact_of_one_path_depends_on_the_conditions_of_that_path() -> None:
    joined = YES.join(NO, frozenset({("training", True)}), frozenset({("training", False)}))
    assert joined.truth is Truth.MAYBE
    assert joined.assuming({"training": False}) is NO
    assert joined.assuming({"training": True}).truth is Truth.MAYBE
    assert joined.assuming({"verbose": False}).truth is Truth.MAYBE


def test_two_paths_that_both_have_it_keep_only_their_common_conditions() -> None:
    one = YES.join(NO, frozenset({("a", True), ("b", True)}))
    other = YES.join(NO, frozenset({("b", True)}))
    assert one.join(other).given == {("b", True)}


def test_a_chain_leads_from_the_nearest_reason_to_the_origin() -> None:
    fact = yes(HERE, "made").because(THERE, "passed on").because(HERE, "stored")
    assert fact.reason is not None
    assert [reason.text for reason in fact.reason.chain()] == ["stored", "passed on", "made"]


def test_a_fact_that_does_not_hold_needs_no_reason() -> None:
    assert NO.because(HERE, "passed on") is NO
    assert UNKNOWN.because(HERE, "passed on") is UNKNOWN


def test_reasons_explain_but_do_not_decide_whether_facts_are_equal() -> None:
    assert yes(HERE, "one way") == yes(THERE, "another")
    assert YES != MAYBE
    assert NO.join(YES, frozenset(), frozenset({("a", True)})) != MAYBE


def test_a_weakened_fact_may_hold() -> None:
    assert YES.weakened() == MAYBE
    assert YES.weakened().reason is YES.reason
    assert NO.weakened() is NO


def test_places_are_nodes_not_texts() -> None:
    assert Place("a.py", HERE.node) == HERE
    assert Place("a.py", cst.Name("here")) != HERE
    assert len({HERE, THERE, Place("a.py", HERE.node)}) == 2
    assert Reason(HERE, "x") == Reason(HERE, "x")
