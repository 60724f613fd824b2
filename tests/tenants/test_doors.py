"""Only a few reviewed modules of the store can look over the border between accounts.

Everything else reaches rows through ``AccountRows``, which binds the account to every statement.
So a new table is closed by construction, and a new door is a change to this page.
"""

import ast
from pathlib import Path

STORE = Path(__file__).parent.parent.parent / "src/mooring/store"

# Each with what it lets through.
DOORS = {
    "access_changes.py",  # that something changed in which account, never what
    "connection.py",  # settings of a connection
    "directory.py",  # the account that an id belongs to
    "memberships.py",  # the policies above the asking account
    "readers.py",  # where a transaction begins
    "rows.py",  # binds the account
    "writer.py",  # where a transaction begins
}
MAKES_GLOBAL = {"access_changes.py", "directory.py", "memberships.py"}


def modules() -> dict[str, ast.Module]:
    return {path.name: ast.parse(path.read_text()) for path in sorted(STORE.glob("*.py"))}


def test_only_the_doors_run_statements() -> None:
    running = {
        name
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"execute", "executemany", "cursor"}
    }

    assert running == DOORS


def test_only_three_modules_have_statements_over_all_accounts() -> None:
    making = {
        name
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"global_statement", "GlobalStatement", "AccountStatement"}
    }

    assert making == MAKES_GLOBAL | {"statement.py"}
