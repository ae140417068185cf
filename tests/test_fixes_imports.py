"""Where a missing import goes, and when there is none to add."""

from __future__ import annotations

import pytest
from handmade import Program

from tensorlint.fixes.copies import copy_of_snapshot
from tensorlint.flow.values import Ref

USE = "best = net.state_dict()\n"
FIXED = "best = copy.deepcopy(net.state_dict())\n"


def fixed(text: str) -> str | None:
    program = Program(text)
    repair = copy_of_snapshot(program.stale("net.state_dict()", Ref(1)))
    return program.fixed(repair) if program.fix(repair) is not None else None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "import copy\n\n"),
        ('"""Doc."""\n', '"""Doc."""\n\nimport copy\n\n'),
        ('"""Doc."""\n\n', '"""Doc."""\n\nimport copy\n\n'),
        ("import torch\n", "import copy\n\nimport torch\n"),
        ("import os\nimport torch\n", "import copy\nimport os\nimport torch\n"),
        ("import argparse\nimport os\n\nimport torch\n", "import argparse\nimport copy\nimport os\n\nimport torch\n"),
        ("import abc  # why\n\nimport torch\n", "import abc  # why\nimport copy\n\nimport torch\n"),
        ("from os import path\nimport torch\n", "import copy\nfrom os import path\nimport torch\n"),
        (
            "from __future__ import annotations\n\nimport torch\n",
            "from __future__ import annotations\n\nimport copy\n\nimport torch\n",
        ),
        (
            '"""Doc."""\nfrom __future__ import annotations\nx = 1\n',
            '"""Doc."""\nfrom __future__ import annotations\n\nimport copy\n\nx = 1\n',
        ),
        (
            "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport torch\n",
            "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport copy\n\nimport torch\n",
        ),
        ("import abc; import torch\n", "import abc; import torch\nimport copy\n"),
        ("from .local import f\n", "import copy\n\nfrom .local import f\n"),
        ("import os\n\n# ours\nfrom ours import f\n", "import copy\nimport os\n\n# ours\nfrom ours import f\n"),
        ("if True:\n    import os\n", "import copy\n\nif True:\n    import os\n"),
    ],
)
def test_the_import_goes_where_the_block_has_its_place_for_it(before: str, after: str) -> None:
    assert fixed(before + USE) == after + FIXED


def test_the_import_ends_as_the_file_s_lines_do() -> None:
    assert fixed("import torch\r\n" + USE) == "import copy\r\n\r\nimport torch\r\n" + FIXED


def test_an_import_inside_a_function_does_not_serve_the_others_and_does_not_stand_in_the_way() -> None:
    text = "def f():\n    import copy\n"
    assert fixed(text + USE) == "import copy\n\n" + text + FIXED


@pytest.mark.parametrize(
    "before",
    [
        "copy = 1\n",
        "def copy(x): pass\n",
        "class copy: pass\n",
        "def f(x, copy=True): pass\n",
        "from shutil import copy\n",
        "from numpy import *\n",
        "for copy in range(3): pass\n",
        "with open(p) as copy: pass\n",
        "try:\n    pass\nexcept E as copy:\n    pass\n",
        "f = lambda copy: copy\n",
        "if (copy := f()): pass\n",
        "a, (b, copy) = f()\n",
        "match f():\n    case {'a': copy}:\n        pass\n",
        "try:\n    import copy\nexcept ImportError:\n    copy = None\n",
    ],
)
def test_a_name_that_means_something_else_somewhere_is_not_used(before: str) -> None:
    assert fixed(before + USE) is None


def test_the_import_and_a_change_at_the_very_beginning_of_the_file() -> None:
    program = Program("net.state_dict()\n")
    repair = copy_of_snapshot(program.stale("net.state_dict()", Ref(1)))
    assert program.fixed(repair) == "import copy\n\ncopy.deepcopy(net.state_dict())\n"
