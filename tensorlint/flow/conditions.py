"""Conditions that facts hang on: what is left of a value where they are known, or where they are decided anew."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from dataclasses import replace
from typing import TypeVar

from tensorlint.flow.facts import Fact, Guards
from tensorlint.flow.heap import HeapObject, Instance, Mapping
from tensorlint.flow.values import Array, Device, Single, Tensor, Union, Unknown, Value, union

__all__ = ["WORD", "free", "freed", "resolve", "resolve_object"]

WORD = re.compile(r"\w+")
_K = TypeVar("_K")


def freed(value: Value, word: str) -> Value:
    """The value without the conditions that speak of ``word``."""
    if isinstance(value, Union):
        items = tuple(_freed_item(item, word) for item in value.items)
        return union(items) if any(a is not b for a, b in zip(items, value.items, strict=True)) else value
    return _freed_item(value, word)


def _freed_item(item: Single, word: str) -> Single:
    if item.guards and (kept := _others(item.guards, word)) != item.guards:
        item = replace(item, guards=kept)
    if isinstance(item, Tensor | Array) and item.spread.conditional:
        item = replace(item, spread=item.spread.with_each(lambda fact: free(fact, word)))
    if isinstance(item, Tensor) and (item.requires_grad.given or item.device.given or item.form.conditional):
        form = item.form.with_each(lambda fact: free(fact, word)) if item.form.conditional else item.form
        return replace(item, requires_grad=free(item.requires_grad, word), device=free(item.device, word), form=form)
    if isinstance(item, Array) and (item.negative_stride.given or item.read_only.given):
        stride, read_only = free(item.negative_stride, word), free(item.read_only, word)
        return replace(item, negative_stride=stride, read_only=read_only)
    if isinstance(item, Device) and item.accelerator.given:
        return replace(item, accelerator=free(item.accelerator, word))
    return item


def free(fact: Fact, word: str) -> Fact:
    """The fact without the conditions that speak of ``word``."""
    return replace(fact, given=_others(fact.given, word)) if fact.given else fact


def _others(guards: Guards, word: str) -> Guards:
    return frozenset(guard for guard in guards if word not in WORD.findall(guard[0]))


def resolve(value: Value, outcomes: dict[str, bool]) -> Value:
    """The value where the outcomes of some conditions are known: alternatives and facts that contradict them go."""
    if not outcomes:
        return value
    if isinstance(value, Union):
        kept = [_resolve(item, outcomes) for item in value.items if not _contradicts(item.guards, outcomes)]
        return union(kept) if kept else Unknown()
    return _resolve(value, outcomes)


def resolve_object(found: HeapObject, outcomes: dict[str, bool], but: HeapObject) -> HeapObject:
    """The object where the outcomes of some conditions are known.

    :param but: what is the same there is left as it is
    """
    if not outcomes:
        return found
    if isinstance(found, Instance) and isinstance(but, Instance):
        changed = _resolved(found.attributes, outcomes, but.attributes)
        return replace(found, attributes={**found.attributes, **changed}) if changed else found
    if isinstance(found, Mapping) and isinstance(but, Mapping):
        entries = _resolved(found.entries, outcomes, but.entries)
        return replace(found, entries={**found.entries, **entries}) if entries else found
    return found


def _resolved(
    values: MappingType[_K, Value], outcomes: dict[str, bool], but: MappingType[_K, Value]
) -> dict[_K, Value]:
    """Those of some values that are something else where the outcomes are known, and are not the same in ``but``."""
    found = {}
    for key, value in values.items():
        if but.get(key) is not value and (resolved := resolve(value, outcomes)) is not value:
            found[key] = resolved
    return found


def _contradicts(guards: Guards, outcomes: dict[str, bool]) -> bool:
    return bool(guards) and any(outcomes.get(text, wanted) is not wanted for text, wanted in guards)


def _resolve(item: Single, outcomes: dict[str, bool]) -> Single:
    if isinstance(item, Tensor | Array) and item.spread.conditional:
        item = replace(item, spread=item.spread.with_each(lambda fact: fact.assuming(outcomes)))
    if isinstance(item, Tensor):
        if item.form.conditional:
            form = item.form.with_each(lambda fact: fact.assuming(outcomes))
            item = item if form is item.form else replace(item, form=form)
        if item.requires_grad.given or item.device.given:
            grad, device = item.requires_grad.assuming(outcomes), item.device.assuming(outcomes)
            if grad is not item.requires_grad or device is not item.device:
                return replace(item, requires_grad=grad, device=device)
    elif isinstance(item, Array):
        if item.negative_stride.given or item.read_only.given:
            stride, read_only = item.negative_stride.assuming(outcomes), item.read_only.assuming(outcomes)
            if stride is not item.negative_stride or read_only is not item.read_only:
                return replace(item, negative_stride=stride, read_only=read_only)
    elif isinstance(item, Device) and item.accelerator.given:
        return replace(item, accelerator=item.accelerator.assuming(outcomes))
    return item
