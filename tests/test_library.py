"""The tables: their form, how rows are found, and that what a user relies on stands in them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tensorlint.library.tables import Library, TableError, library

HEAD = 'library = "torch"\nsource = "run"\n'


def tables(text: str, **more: str) -> Library:
    return Library({"torch.toml": HEAD + text, **more})


def test_every_table_is_well_formed() -> None:
    shipped = Library()
    for package in shipped.packages():
        names = list(shipped.names(package))
        assert names, package
        for name in names:
            row = shipped.row(name)
            assert row is not None and row.name == name
            assert row.source, f"{name} does not say where it comes from"


def test_every_alias_leads_to_a_row_or_a_prefix_that_has_rows() -> None:
    tomllib = pytest.importorskip("tomllib")

    from tensorlint.library import tables as module

    shipped = Library()
    everything = {name for package in shipped.packages() for name in shipped.names(package)}
    for path in sorted(module._FOLDER.glob("*.toml")):
        for alias, target in tomllib.loads(path.read_text("utf-8")).get("aliases", {}).items():
            if target.endswith("."):
                assert any(name.startswith(target) for name in everything), f"{path.name}: {alias} leads nowhere"
            else:
                assert shipped.row(alias) is not None, f"{path.name}: {alias} leads nowhere"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[rows]]\nnames = "torch.a"\ncolour = "red"', r"torch\.toml: row torch\.a: unknown key 'colour'"),
        ('[[rows]]\nnames = "torch.a"\nreturns = "tenser"', r"row torch\.a: returns = 'tenser' \(known: .*tensor"),
        ('[[rows]]\nnames = "torch.a"\nshares = "sometimes"', r"row torch\.a: shares = 'sometimes'"),
        ('[[rows]]\nnames = "torch.a"\nshares = "view or unless on a GPU"', r"row torch\.a: shares"),
        ('[[rows]]\nnames = "torch.a"\nwrites = "self"', r"row torch\.a: writes = 'self' is not a list"),
        ('[[rows]]\nnames = "torch.a"\nparameters = "yes"', r"row torch\.a: parameters = 'yes'"),
        ('[[rows]]\nnames = "torch.a"\nreturns = "tuple"', r"row torch\.a: returns = 'tuple' needs items"),
        ('[[rows]]\nnames = "torch.a"\nreturns = "tensor"\nitems = ["tensor"]', r"row torch\.a: items without"),
        (
            '[[rows]]\nnames = "torch.a"\nreturns = "tuple"\nitems = ["tensor"]\nitem_grad = ["no", "no"]',
            r"row torch\.a: item_grad",
        ),
        ('[[rows]]\nnames = "torch.a torch.a"', r"row torch\.a stands there twice"),
        ('[[rows]]\nnames = "numpy.a"', r"row numpy\.a is not of torch"),
        ('[[rows]]\nreturns = "tensor"', r"rows table 1 has no names"),
        ('[[rows]]\nprefix = 3\nnames = "a"', r"prefix of rows table 1"),
        ('[aliases]\n"torch.a" = "torch.b."', r"alias torch\.a"),
        ("[[rows]", r"torch\.toml: "),
        ("answer = 42", r"torch\.toml: unknown key 'answer'"),
    ],
)
def test_a_malformed_table_names_file_and_row(text: str, says: str) -> None:
    with pytest.raises(TableError, match=says):
        tables(text).row("torch.anything")


def test_a_table_of_another_library_is_refused() -> None:
    with pytest.raises(TableError, match="it must be 'numpy'"):
        Library({"numpy.toml": HEAD}).row("numpy.mean")


def test_exact_names_go_before_patterns_and_aliases_are_followed() -> None:
    found = tables(
        '[aliases]\n"torch.one" = "torch.a"\n"torch.special." = "torch."\n'
        '[[rows]]\nnames = "torch.[A-Z]*"\nreturns = "object"\n'
        '[[rows]]\nnames = "torch.a torch.Tensor"\nreturns = "tensor"'
    )
    for name in ("torch.a", "torch.one", "torch.special.a", "torch.special.one", "torch.Tensor"):
        row = found.row(name)
        assert row is not None and row.returns == "tensor", name
    thing = found.row("torch.Thing")
    assert thing is not None and (thing.returns, thing.type) == ("object", "torch.Thing")
    assert found.row("torch.b") is None
    assert found.row("torch.Thing.method") is None, "a star does not cross a dot"
    assert found.row("os.path") is None


def test_an_alias_to_itself_ends() -> None:
    assert tables('[aliases]\n"torch.a" = "torch.b"\n"torch.b" = "torch.a"').row("torch.a") is None


def test_rows_by_hand_replace_generated_ones() -> None:
    generated = HEAD + '[[rows]]\nnames = "torch.a torch.b"\nreturns = "array"\nwrites = ["0"]'
    found = tables('[[rows]]\nnames = "torch.a"\nreturns = "tensor"', **{"torch_generated.toml": generated})
    a, b = found.row("torch.a"), found.row("torch.b")
    assert a is not None and b is not None
    assert (a.returns, a.writes) == ("tensor", ())
    assert b.returns == "array"


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("torch.Tensor.cpu", "shares", "unless on a GPU"),
        ("torch.Tensor.detach", "grad", "no"),
        ("torch.Tensor.add_", "writes", ("self",)),
        ("torch.argmax", "grad", "no"),
        ("torch.topk", "item_grad", ("inputs", "no")),
        ("torch.max", "returns", "tensor_or_pair"),
        ("torch.nn.functional.softmax", "returns", "tensor"),
        ("torch.special.expit", "grad", "inputs"),
        ("torch.from_numpy", "negative_stride", "refuse"),
        ("torch.nn.Linear", "parameters", True),
        ("torch.nn.ReLU", "parameters", False),
        ("torch.nn.Sequential", "parameters", None),
        ("torch.nn.CrossEntropyLoss", "returns", "loss"),
        ("torch.optim.AdamW", "returns", "optimizer"),
        ("torch.cuda.FloatTensor", "device", "accelerator"),
        ("torch.distributions.Normal.sample", "grad", "no"),
        ("torch.distributions.Normal.rsample", "grad", "inputs"),
        ("torchvision.models.resnet18", "returns", "module"),
        ("transformers.AutoModelForCausalLM.from_pretrained", "parameters", True),
        ("numpy.mean", "how", "method"),
        ("numpy.asarray", "how", "explicit"),
        ("numpy.exp", "how", "implicit"),
        ("numpy.random.shuffle", "writes", ("0",)),
        ("numpy.flip", "negative_stride", "make"),
        ("numpy.ndarray.sort", "writes", ("self",)),
        ("matplotlib.pyplot.plot", "converts", ("*", "**")),
        ("matplotlib.axes.Axes.plot", "converts", ("*", "**")),
        ("pandas.DataFrame", "containers", ("dict",)),
        ("sklearn.metrics.roc_auc_score", "how", "implicit"),
        ("sklearn.linear_model.LogisticRegression.predict", "returns", "array"),
    ],
)
def test_what_rules_rely_on_is_in_the_tables(name: str, field: str, value: object) -> None:
    row = library().row(name)
    assert row is not None
    assert getattr(row, field) == value


def test_reading_the_tables_imports_neither_torch_nor_numpy() -> None:
    code = (
        "import sys; from tensorlint.library.tables import library;"
        "assert library().row('torch.Tensor.cpu') and library().row('numpy.mean');"
        "assert not {'torch', 'numpy', 'libcst'} & set(sys.modules), 'imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
