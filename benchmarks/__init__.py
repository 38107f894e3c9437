"""What pratique costs, measured beside what else there is: `python -m benchmarks`."""

import sys
from pathlib import Path

# `authority` makes the credentials that are measured; it stands beside the tests that it was made for.
_TESTS = str(Path(__file__).parents[1] / "tests")
if _TESTS not in sys.path:
    sys.path.append(_TESTS)
