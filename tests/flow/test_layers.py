"""A dictionary that forks cheaply must behave as a copied dictionary does."""

from __future__ import annotations

import random

from tensorlint.flow.layers import MOST_OWN, Layers


def test_forks_do_not_see_each_other() -> None:
    one: Layers[str] = Layers()
    one[1] = "a"
    other = one.fork()
    other[1], other[2] = "b", "c"
    one[3] = "d"
    assert (one[1], one.get(2), one[3]) == ("a", None, "d")
    assert (other[1], other[2], other.get(3)) == ("b", "c", None)
    assert 2 not in one
    assert 2 in other


def test_a_fork_of_many_own_items_shares_them() -> None:
    one: Layers[int] = Layers()
    for number in range(MOST_OWN + 1):
        one[number] = number
    other = one.fork()
    assert other.own == {}
    assert other.base is one.base
    assert sorted(other.values()) == list(range(MOST_OWN + 1))


def test_what_a_fork_changed_is_among_its_changes() -> None:
    one: Layers[int] = Layers()
    for number in range(MOST_OWN * 2):
        one[number] = number
    other = one.fork()
    other[3] = -3
    assert dict(one.changes(other)) == {3: -3}
    for number in range(MOST_OWN * 3, MOST_OWN * 5):
        other[number] = number
    deeper = other.fork()
    assert dict(one.changes(deeper)).items() >= {3: -3, MOST_OWN * 4: MOST_OWN * 4}.items()


def test_only_what_is_missing_is_taken_over() -> None:
    one: Layers[str] = Layers()
    other: Layers[str] = Layers()
    one[1] = "mine"
    other[1], other[2] = "theirs", "theirs"
    one.add_all(other)
    assert (one[1], one[2]) == ("mine", "theirs")


def test_it_is_a_dictionary_whatever_happens_to_it() -> None:
    chance = random.Random(0)
    pairs: list[tuple[Layers[int], dict[int, int]]] = [(Layers(), {})]
    for _ in range(3000):
        layers, plain = chance.choice(pairs)
        if chance.random() < 0.02 and len(pairs) < 30:
            pairs.append((layers.fork(), dict(plain)))
        else:
            layers[key] = plain[key] = (key := chance.randrange(200)) + chance.randrange(1000)
    for layers, plain in pairs:
        assert {key: layers.get(key) for key in range(200)} == {key: plain.get(key) for key in range(200)}
        assert sorted(layers.values()) == sorted(plain.values())
