"""The catalogue of an app: fetched once for all who get the same."""

import pytest

from lib.openrouter.catalogue import Catalogue
from lib.openrouter.models import Model
from sandbox.special_models import ALIASES
from tests.conftest import KEY, RawServer, Served, http
from tests.support.waiting import wait_until

TIMEOUT_S = 5
OTHER = KEY.replace("0", "f")


@pytest.fixture
def requested(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths below /api/v1/ that the sandbox is asked for."""
    paths: list[str] = []
    app = served.app.middleware_stack or served.app.build_middleware_stack()

    async def record(scope, receive, send):  # type: ignore[no-untyped-def]
        if scope["type"] == "http":
            paths.append(scope["path"].removeprefix("/api/v1/"))
        await app(scope, receive, send)

    monkeypatch.setattr(served.app, "middleware_stack", record)
    return paths


def test_own_models(served: Served, requested: list[str]) -> None:
    """Each user has their own models, fetched once; users with the same answer share it."""
    served.keys[OTHER] = served.keys[KEY]
    catalogue = Catalogue(served.base_url)
    own = catalogue.models(KEY, timeout=TIMEOUT_S)
    assert "sandbox/echo" in own
    assert "sandbox/excluded" not in own
    assert "sandbox/excluded" in catalogue.models(timeout=TIMEOUT_S)
    assert catalogue.models(OTHER, timeout=TIMEOUT_S) is catalogue.models(KEY) is own
    assert sorted(requested) == ["models", "models/user", "models/user"]


def test_hourly(served: Served, requested: list[str]) -> None:
    """After an hour the models are fetched again."""
    now = 0.0
    catalogue = Catalogue(served.base_url, clock=lambda: now)
    catalogue.models(KEY, timeout=TIMEOUT_S)
    now = 3_599.0
    catalogue.models(KEY, timeout=TIMEOUT_S)
    assert len(requested) == 1
    now = 3_600.0
    catalogue.models(KEY)
    wait_until(lambda: len(requested) == 2)


def test_no_own_models(served: Served, requested: list[str]) -> None:
    """Where OpenRouter refuses a user their own models, they get everybody's."""
    catalogue = Catalogue(served.base_url)
    assert "sandbox/excluded" in catalogue.models("sk-or-unknown", timeout=TIMEOUT_S)
    assert sorted(requested) == ["models", "models/user"]


def test_no_such_endpoint(served: Served, requested: list[str]) -> None:
    """A server that does not have an endpoint is asked for it once an hour."""
    now = 0.0
    catalogue = Catalogue(f"{served.base_url}/elsewhere", clock=lambda: now)
    catalogue.models(KEY, timeout=TIMEOUT_S)
    now = 60.0
    catalogue.models(KEY)
    wait_until(lambda: requested.count("/elsewhere/api/v1/models") == 2)
    assert requested.count("/elsewhere/api/v1/models/user") == 1


@pytest.mark.parametrize(
    ("name", "shown", "asks"),
    [
        ("sandbox/echo", "Sandbox: echo", False),
        ("sandbox/echo:nitro", "Sandbox: echo (nitro)", False),
        ("sandbox/echo:floor", "Sandbox: echo (floor)", False),
        ("sandbox/echo@preset/brief", "Sandbox: echo (preset/brief)", False),
        ("sandbox-labs/breeze-1b:free:nitro", "Sandbox-Labs: Breeze 1B (free) (nitro)", False),
        ("sandbox/echo:thinking", "Sandbox: echo", True),
        ("~sandbox/hello-latest", "Sandbox: hello (latest)", True),
        ("sandbox/hello-2025", "Sandbox: hello", True),
        ("@preset/brief", "Sandbox: hello", True),
    ],
)
def test_resolve(
    served: Served, requested: list[str], name: str, shown: str, *, asks: bool
) -> None:
    """An alias, a variant, a preset is a model; OpenRouter is asked once, if the id does not say."""
    catalogue = Catalogue(served.base_url)
    known = catalogue.models(KEY, timeout=TIMEOUT_S)
    for _ in range(2):
        model = catalogue.resolve(KEY, name, timeout=TIMEOUT_S)
        assert model
        assert (model.id, model.name) == (name, shown)
        assert model.parameters == known["sandbox/echo"].parameters
    assert [path for path in requested if path.startswith("model/")] == (
        [f"model/{name}"] if asks else []
    )


def test_resolve_later(served: Served, raw_server: RawServer) -> None:
    """What is not known yet is None, which blocks no caller; later it is known."""
    (alias, *_) = ALIASES
    silent = Catalogue(raw_server.serve(b"", stays=True))
    assert silent.resolve(KEY, alias) is None
    catalogue = Catalogue(served.base_url)
    wait_until(lambda: catalogue.resolve(KEY, alias) is not None)


@pytest.mark.parametrize("name", ["no/such-model", "gpt", "no/such-model:nitro", "../key"])
def test_no_such_model(served: Served, name: str) -> None:
    """A model that OpenRouter does not have is an error, each time."""
    catalogue = Catalogue(served.base_url)
    for _ in range(2):
        with pytest.raises(LookupError):
            catalogue.resolve(KEY, name, timeout=TIMEOUT_S)


def test_unknown_preset(served: Served) -> None:
    """A preset that OpenRouter does not show is not said to be missing."""
    catalogue = Catalogue(served.base_url)
    assert catalogue.resolve(KEY, "@preset/of-mine", timeout=TIMEOUT_S) is None


def test_unreachable() -> None:
    """Without a connection nothing is known, and nothing is said to be missing."""
    catalogue = Catalogue("http://127.0.0.1:9")
    assert catalogue.resolve(KEY, "no/such-model", timeout=TIMEOUT_S) is None
    assert catalogue.keeps_nothing(KEY, timeout=TIMEOUT_S) is None
    assert not catalogue.providers(KEY, timeout=TIMEOUT_S)
    assert not catalogue.models(KEY, timeout=TIMEOUT_S)


@pytest.mark.parametrize(
    ("name", "can"),
    [
        ("sandbox/echo", True),
        ("sandbox/echo:nitro", True),
        ("~sandbox/hello-latest", True),
        ("openrouter/auto", True),
        ("sandbox/keeps", False),
        ("sandbox/keeps:floor", False),
        ("tin-robot/breeze-3b", False),
        ("paper-mill/breeze-1b:free", True),
    ],
)
def test_keeps_nothing(served: Served, name: str, *, can: bool) -> None:
    """A model keeps nothing if an endpoint of it does; a router selects such a one."""
    catalogue = Catalogue(served.base_url)
    keeps_nothing = catalogue.keeps_nothing(KEY, timeout=TIMEOUT_S)
    assert keeps_nothing
    model = catalogue.resolve(KEY, name, timeout=TIMEOUT_S)
    assert model
    assert keeps_nothing(model) is can


def test_free_variant_keeps(raw_server: RawServer) -> None:
    """That a model keeps nothing says nothing of its free variant, whose providers are others."""
    body = b'{"data": [{"model_id": "a/b-2027"}]}'
    catalogue = Catalogue(raw_server.serve(http(body, "application/json")))
    keeps_nothing = catalogue.keeps_nothing("", timeout=TIMEOUT_S)
    assert keeps_nothing
    assert keeps_nothing(Model("a/b", "B", slug="a/b-2027"))
    assert not keeps_nothing(Model("a/b:free", "B", slug="a/b-2027"))


def test_providers(served: Served, requested: list[str]) -> None:
    """Providers are fetched once."""
    catalogue = Catalogue(served.base_url)
    assert catalogue.providers(KEY, timeout=TIMEOUT_S)["Sandbox"].data_centers == ("DE", "IE")
    assert catalogue.providers(OTHER)["Sandbox"]
    assert requested == ["providers"]
