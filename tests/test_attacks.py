"""Each attack on a sign-in, for each method: what holds, and what does not."""

import pytest

from lib.attacks import ATTACKS, METHODS, SignIn, run_all
from lib.openrouter_sign_in import Method
from tests.conftest import Served

HELD = {
    "A stolen code": {"S256": 403, "plain": 403},
    "A stolen callback URL": {"S256": 403, "plain": 403},
    "A code slipped to a victim": {"S256": 200, "plain": 200, "none": 200},  # not sent unasked
    "The same code twice": {"S256": 403, "plain": 403, "none": 403},
    "A leaked authorization URL": {"S256": 403},
}
"""By attack the methods that hold, with the status of the exchange; the others give a key."""


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
@pytest.mark.parametrize("method", METHODS)
def test_attack(served: Served, attack, method: Method) -> None:
    """An attack gives the attacker a key where the method cannot hold it, and nowhere else."""
    outcome = attack.run(SignIn(served.base_url, method))
    expected = HELD[attack.name].get(method)
    assert (outcome.held, outcome.status) == (expected is not None, expected or 200)
    assert outcome.why.endswith(".")


def test_all(served: Served) -> None:
    """The table has five attacks by three methods."""
    found = run_all(served.base_url)
    assert list(found) == list(HELD)
    assert all(tuple(outcomes) == METHODS for outcomes in found.values())
