"""Who may import whom: a file imports only from its own floor or below."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = sorted((ROOT / "lib").rglob("*.py"))
GROUND = [path for path in SHARED if "ui" not in path.relative_to(ROOT).parts]
MIDDLE = [path for path in SHARED if path not in GROUND]
SANDBOX = sorted((ROOT / "sandbox").rglob("*.py"))
TOP = [ROOT / "streamlit_app.py", *sorted((ROOT / "pages").glob("*.py"))]


def imports(path: Path) -> set[str]:
    """The modules that a file imports, by their full names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize(
    ("files", "forbidden"),
    [
        (GROUND, ("streamlit", "lib.ui", "pages", "sandbox", "os", "dotenv")),
        (MIDDLE, ("pages", "streamlit_app", "sandbox")),
        (SANDBOX, ("lib", "streamlit", "pages")),
        (TOP, ("pages", "streamlit_app", "sandbox")),
    ],
    ids=["ground", "middle", "sandbox", "top"],
)
def test_imports(files: list[Path], forbidden: tuple[str, ...]) -> None:
    """No file imports from a floor above its own, and the sandbox nothing of the app."""
    assert files
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imports(path)
        if any(name == one or name.startswith(f"{one}.") for one in forbidden)
    ]
    assert not found


def test_openrouter_stands_alone() -> None:
    """The folder of OpenRouter's API needs no other part of the app: it can be lifted out."""
    own = [path for path in GROUND if path.parent.name == "openrouter"]
    others = {
        name
        for path in own
        for name in imports(path)
        if name.startswith("lib") and not name.startswith("lib.openrouter.")
    }
    assert own
    assert not others


def test_session_state_has_one_owner() -> None:
    """Only the module that names its keys touches `st.session_state`."""
    owners = {
        path.name
        for path in [*SHARED, *TOP]
        if any(
            isinstance(node, ast.Attribute) and node.attr == "session_state"
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
        )
    }
    assert owners == {"session.py"}
