"""The parameters of a notebook, read and checked before anything runs.

papermill overlooks declarations it cannot read (`month: str | None`) and only logs names it does not know; here both
are errors in words.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cxlib.errors import UsageError, unknown_name

Value = str | int | float | bool
PLAIN: dict[str, type[Value]] = {"str": str, "int": int, "float": float, "bool": bool}
EXAMPLE = 'month: str = "2026-10"'


def declared(path: Path) -> dict[str, Value]:
    """Return the parameters a notebook declares with their default values, in order.

    Raises:
        UsageError: Not a notebook, no cell tagged `parameters`, or a line there that is not of the form
            `name: type = value` with a plain type (str, int, float, bool).
    """
    cells = [cell for cell in read(path).cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1 or cells[0].cell_type != "code":
        raise UsageError(
            f"{path.name} has {len(cells)} cells tagged 'parameters' and needs one code cell "
            f"that holds lines such as {EXAMPLE}; tag it in JupyterLab's property inspector."
        )
    try:
        lines = ast.parse(cells[0].source).body
    except SyntaxError as error:
        raise UsageError(
            f"The parameters cell of {path.name} is not Python: {error.msg} (line {error.lineno})."
        ) from None
    found = dict(_declaration(line, path.name) for line in lines)
    for name in found.keys() - _seen_by_papermill(path):
        raise UsageError(
            f"papermill cannot read the line of {name!r} in the parameters cell of {path.name}: "
            "a line there may hold one equals sign only, in its comment too."
        )
    return found


def check(
    paths: Sequence[Path], given: Mapping[str, Value], extra: Mapping[str, Value]
) -> dict[Path, dict[str, Value]]:
    """Return, for each notebook, those of the values that it declares.

    Args:
        paths: The notebooks.
        given: What every report passes (data, month, by …); a notebook takes what it declares.
        extra: What the user asks for beyond that (agent_id …); at least one notebook must declare each name.

    Raises:
        UsageError: A name no notebook declares, a value of another type than declared, or an unreadable notebook.
    """
    declarations = {path: declared(path) for path in paths}
    known = {name for names in declarations.values() for name in names}
    for name in extra:
        if name in given:
            raise UsageError(f"The parameter {name!r} is set by the report itself; use its own option.")
        if name not in known:
            raise unknown_name("notebook parameter", name, known - set(given))
    values = {**given, **extra}
    return {
        path: {
            name: _typed(path.name, name, values[name], default) for name, default in names.items() if name in values
        }
        for path, names in declarations.items()
    }


def read(path: Path) -> Any:
    """Read a notebook file.

    Raises:
        UsageError: It is absent or not a notebook.
    """
    import nbformat

    try:
        return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise UsageError(f"The notebook {path.name} cannot be read: {error.strerror}.") from None
    except Exception as error:
        raise UsageError(f"{path.name} is not a notebook: {type(error).__name__}: {error}.") from None


def _seen_by_papermill(path: Path) -> set[str]:
    from papermill import inspect_notebook

    logging.getLogger("papermill").setLevel(logging.ERROR)
    return set(inspect_notebook(str(path).replace("{", "{{").replace("}", "}}")))


def _declaration(line: ast.stmt, notebook: str) -> tuple[str, Value]:
    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None:
        kind = PLAIN.get(ast.unparse(line.annotation))
        try:
            default = ast.literal_eval(line.value)
        except ValueError:
            default = None
        if kind is not None and isinstance(default, kind) and (kind is bool or not isinstance(default, bool)):
            return line.target.id, default
    raise UsageError(
        f"The parameters cell of {notebook} holds {ast.unparse(line)!r}; every line there must read "
        f"name: type = value with a plain type ({', '.join(PLAIN)}), for example {EXAMPLE}."
    )


def _typed(notebook: str, name: str, value: Value, default: Value) -> Value:
    kind = type(default)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise UsageError(
            f"The parameter {name!r} of {notebook} is a {kind.__name__} (for example {default!r}), not {value!r}."
        )
    return value
