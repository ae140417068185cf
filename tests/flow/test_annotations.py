"""What annotations say of parameters, fields and names."""

from __future__ import annotations

import pytest
from reveal import reveal


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("torch.Tensor", "Tensor"),
        ("'torch.Tensor'", "Tensor"),
        ("Optional[torch.Tensor]", "Tensor"),
        ("Union[torch.Tensor, None]", "Tensor"),
        ("torch.Tensor | None", "Tensor"),
        ("np.ndarray", "Array"),
        ("torch.Tensor | np.ndarray", "Unknown"),
        ("Union[np.ndarray, torch.Tensor]", "Unknown"),
        ("torch.device", "Device"),
        ("nn.Module", "module"),
        ("nn.Linear", "module"),
        ("int", "Number"),
        ("list[torch.Tensor]", "list"),
        ("Tuple[torch.Tensor, int]", "Tuple"),
        ("dict[str, torch.Tensor]", "dict"),
        ("Batch", "Batch"),
        ("Unheard", "Unknown"),
        ("'not an annotation'", "Unknown"),
    ],
)
def test_a_parameter_is_what_its_annotation_says(annotation: str, kind: str) -> None:
    assert (
        reveal(f"""
from typing import Optional, Tuple, Union

class Batch:
    x: torch.Tensor

def f(value: {annotation}):
    reveal(value)
""").kind
        == kind
    )


@pytest.mark.parametrize(
    ("annotation", "element"),
    [("list[torch.Tensor]", "Tensor"), ("Sequence[np.ndarray]", "Array"), ("tuple[torch.Tensor, ...]", "Tensor")],
)
def test_of_a_container_the_elements_are_told(annotation: str, element: str) -> None:
    assert (
        reveal(f"""
from typing import Sequence

def f(values: {annotation}):
    for value in values:
        reveal(value)
""").kind
        == element
    )


def test_an_annotated_tensor_may_require_grad_or_be_anywhere() -> None:
    x = reveal("""
def f(x: torch.Tensor):
    reveal(x)
""")
    assert (x.requires_grad, x.device) == ("unknown", "unknown")
    assert x.why("kind") == ["2: `x` is annotated as a Tensor"]


def test_a_tensor_of_integers_does_not_require_grad() -> None:
    assert (
        reveal("""
def f(x: torch.LongTensor):
    reveal(x)
""").requires_grad
        == "no"
    )


def test_what_a_call_passes_goes_before_the_annotation() -> None:
    x = reveal("""
def f(x: torch.Tensor):
    reveal(x)

f(torch.ones(3, requires_grad=True))
""")
    assert x.requires_grad == "yes"


def test_classes_that_name_each_other_in_annotations_end() -> None:
    assert (
        reveal("""
class A:
    b: "B"

class B:
    a: A
    x: torch.Tensor

def f(a: A):
    reveal(a.b.x)
""").kind
        == "Tensor"
    )


@pytest.mark.parametrize("decorator", ["", "@dataclass"])
def test_a_class_that_names_itself_in_an_annotation_ends(decorator: str) -> None:
    assert (
        reveal(f"""
from dataclasses import dataclass

{decorator}
class Node:
    parent: "Node"
    children: list["Node"]
    x: torch.Tensor

def f(node: Node):
    reveal(node.parent.x)
""").kind
        == "Tensor"
    )
