"""TSL902 unknown-noqa."""

from __future__ import annotations

from tensorlint.rules.base import Rule

__all__ = ["UnknownNoqa"]


class UnknownNoqa(Rule):
    """A `# noqa` comment names a code of tensorlint that there is not.

    What it does
    ------------
    Finds codes in `# noqa` comments that begin with `TSL` and are neither a rule's code nor the beginning of one. That
    includes codes that are not in capitals.

    Why is this bad?
    ----------------
    The comment suppresses nothing: a slip of the pen, or a rule that is gone.

    Example
    -------
    There is no such rule:

        import torch

        layer = torch.nn.Linear(2, 2)
        weights = layer.weight.detach().numpy()  # noqa: TSL1O1, TSL190

    Use instead
    -----------
    Name the rule, by its code:

        import torch

        layer = torch.nn.Linear(2, 2)
        weights = layer.weight.numpy()  # noqa: TSL101

    Known limits
    ------------
    Codes that begin with anything else are other tools' business. Under flake8 nothing is judged.

    Fix safety
    ----------
    Safe where the code is taken out, as it does nothing. Unsafe where it is put in capitals, as it then suppresses what
    is reported now.

    Observed
    --------
    flake8 7.3 reads codes as they are written: `# noqa: tsl101` suppresses nothing.
    """

    code = "TSL902"
    name = "unknown-noqa"
    events = ()
