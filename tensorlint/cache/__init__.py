"""Results of earlier runs, used again while everything that they were made from is as it was.

For each combination of settings, working folder and versions (of tensorlint's own files, of packages that
add rules or tables, of LibCST and Python) there is
one file. For each project it holds the findings of the files that were linted and one *state* of the project, in which
all these results hold: the digests of the files that were read, the words of the index of imports, and a stamp of all
names, times, sizes and numbers of files that matter (``state.py``).

A run looks at the folders again. If the stamp is the same, every result holds, and nothing is read. If not:

- a file counts as changed if its digest is another one; it is read only if its own stamp changed, or if it had been
  written so shortly before the stamp was taken that a second write could have left it the same;
- a result goes if one of the files that it was made from has changed: its own, those of what it calls and imports,
  those of its callers;
- it goes if a module that was looked for is found elsewhere now, or was not found and is now (a file that appears), or
  is gone: every place where it could be found lies in a folder whose names are part of the state, or in none;
- it goes if the index of imports gives another answer to a question that was asked for it (who calls a function of this
  name, is this file reached from torch). Questions are asked again only if they speak of a name whose importers may
  have changed, which the words of the changed files tell, before and after;
- it goes if the project's requirements allow other versions, and that mattered.

What is left is valid in the new state; the other files are linted, and their results are kept if all that was noted
while they were linted (``dependencies.py``) holds in the state that is written down: a file that changes meanwhile
makes no wrong result.

What is read is checked, and never run: JSON, with a digest of the whole. Fixes are never taken from it.
"""

from __future__ import annotations
