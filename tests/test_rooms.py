"""Who may import whom: a file imports only from its own room, or from rooms below it."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = sorted((ROOT / "lib").rglob("*.py"))
TOP = [ROOT / "streamlit_app.py", *sorted((ROOT / "pages").glob("*.py"))]

ROOMS = {
    "lib/openrouter": set(),
    "lib/openrouter_sign_in": set(),
    "lib/setting_parsers.py": {"lib/openrouter"},
    "lib/settings.py": {"lib/openrouter", "lib/setting_parsers.py"},
    "lib/demo_link.py": {"lib/openrouter", "lib/settings.py"},
    "lib/secrets_toml.py": {"lib/openrouter", "lib/settings.py"},
    "lib/attacks.py": {"lib/openrouter_sign_in"},
    "lib/snippets.py": set(),
    "lib/self_check.py": {"lib/openrouter", "lib/settings.py"},
    "lib/chat": {"lib/openrouter"},
    "lib/markdown": {"lib/openrouter"},
    "lib/export": {"lib/openrouter", "lib/chat", "lib/markdown"},
    "lib/ui": {"lib"},
    "pages": {"lib", "sandbox"},
    "streamlit_app.py": {"lib", "sandbox"},
    "sandbox": set(),
}
"""What each room may import besides itself, and besides packages."""
WITH_STREAMLIT = {"lib/ui", "lib/openrouter_sign_in", "pages", "streamlit_app.py"}
"""The other rooms are plain Python, and take their settings as arguments."""
COPIED = {"lib/openrouter", "lib/openrouter_sign_in"}
"""Other apps may hold them under any name, so their files import each other relatively."""


def files(room: str) -> list[Path]:
    """The Python files of a room."""
    path = ROOT / room
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """The modules that a file imports, by their full names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            assert not node.level or "/".join(package) in COPIED, f"{path}: a relative import"
            module = ".".join(filter(None, [*package, node.module]))
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def is_of(name: str, room: str) -> bool:
    """Tell whether a module is in a room."""
    return f"{name}.".startswith(room.removesuffix(".py").replace("/", ".") + ".")


@pytest.mark.parametrize("room", ROOMS)
def test_imports(room: str) -> None:
    """No file imports from a room that its own does not stand upon."""
    assert files(room)
    own = {"lib", "pages", "sandbox", "streamlit_app"}
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(room)
        for name in imports(path)
        if name.split(".")[0] in own
        and not any(is_of(name, allowed) for allowed in {room, *ROOMS[room]})
    ]
    assert found == []


def test_every_file_has_a_room() -> None:
    """No file of the app is left out of the table."""
    housed = {path for room in ROOMS for path in files(room)}
    assert {*SHARED, *TOP} - housed == {ROOT / "lib" / "__init__.py"}


@pytest.mark.parametrize("room", sorted(ROOMS.keys() - WITH_STREAMLIT))
def test_plain_python(room: str) -> None:
    """Outside the upper rooms nothing needs Streamlit, or reads the environment."""
    used = {name.split(".")[0] for path in files(room) for name in imports(path)}
    assert used.isdisjoint({"streamlit", "os", "dotenv"})


def test_session_state_has_one_owner() -> None:
    """Only the modules that name its keys touch `st.session_state`."""
    owners = {
        path.relative_to(ROOT).as_posix()
        for path in [*SHARED, *TOP]
        if any(
            isinstance(node, ast.Attribute) and node.attr == "session_state"
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
        )
    }
    assert owners == {
        "lib/openrouter_sign_in/state.py",
        "lib/ui/session.py",
        "lib/ui/widgets.py",
    }


@pytest.mark.parametrize("room", sorted(COPIED))
def test_public_names(room: str) -> None:
    """What a folder for other apps promises in `__all__` can be imported from it."""
    module = import_module(room.replace("/", "."))
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
