"""One key of each kind, made once: an RSA key takes longer to make than all that is done with it."""

from __future__ import annotations

import pytest

from pratique.cose.algorithms import VERIFYING, Algorithm
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner

ALGORITHMS = sorted(VERIFYING, key=lambda algorithm: algorithm.name)


@pytest.fixture(scope="session")
def keys() -> dict[str, PrivateKey]:
    """Return a private key for each family of algorithms."""
    one_of_each = {algorithm.family: algorithm.name for algorithm in ALGORITHMS}
    return {family: PrivateKey.generate(name) for family, name in one_of_each.items()}


@pytest.fixture(params=ALGORITHMS, ids=lambda algorithm: algorithm.name)
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    return request.param


@pytest.fixture
def signer(algorithm: Algorithm, keys: dict[str, PrivateKey]) -> SoftwareSigner:
    return SoftwareSigner(keys[algorithm.family], algorithm=algorithm)
