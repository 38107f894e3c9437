"""The house: imports point down one list, public names are pinned, importing the library costs next to nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import pratique

SOURCE = Path(__file__).parents[1] / "src" / "pratique"

# From the bottom to the top: a part imports only from lines above its own. The root names what others have, on demand.
LAYERS = (
    ("reasons",),
    ("errors",),
    ("codec", "files"),
    ("cose",),
    ("model",),
    ("mrz",),
    ("names", "qr", "binding", "schemas"),
    ("sdcwt",),
    ("trust",),
    ("status",),
    ("formats",),
    ("rules",),
    ("request",),
    ("present",),
    ("issue",),
    ("record",),
    ("record_file", "report", "proven"),
    ("entitlement", "freshness", "identity", "revocation", "ruling", "validity"),
    ("bundle", "session"),
    ("bundle_folder", "inventory", "packing"),
    ("verify",),
    ("view", "fetch"),
    ("cli",),
)
HEIGHT = {part: height for height, parts in enumerate(LAYERS) for part in parts}

# Who may import what is heavy, or is to have one door: the library, and the modules below `pratique`.
DOORS = {
    "cbor2": {"codec.cbor"},
    "zlib": {"codec.deflate", "qr"},
    "zxingcpp": {"qr"},
    "qrcode": {"qr"},
    "PIL": {"qr"},
    "jsonschema": {"schemas"},
    "click": {"cli"},
    "cryptography": {"cose", "binding"},
    "pkcs11": {"cose.pkcs11"},
    "socket": set(),
    "ssl": {"fetch"},
    "http": {"fetch"},
    "urllib": {"fetch"},
    "requests": set(),
    "logging": set(),
    "random": set(),
}


def name_of(path: Path) -> str:
    """Return a module's name below `pratique`, empty for the root."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(SOURCE.rglob("*.py"))}


@cache
def imports(module: str, *, at_import: bool = False) -> frozenset[str]:
    """Return the dotted names that a module imports, `from a import b` as `a.b`.

    With `at_import`, only what runs when it is imported: not in functions, not for type checkers.
    """
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    found: set[str] = set()
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if at_import and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if at_import and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        pending += ast.iter_child_nodes(node)
    return frozenset(found)


def own(names: frozenset[str]) -> set[str]:
    """Return the modules below `pratique` that are among imported names."""
    found = set()
    for name in names:
        if name == "pratique" or name.startswith("pratique."):
            below = name.removeprefix("pratique").removeprefix(".")
            found.add(below if below in MODULES else below.rpartition(".")[0])
    return found


def part(module: str) -> str:
    return module.partition(".")[0]


def test_every_part_has_its_place_in_the_list() -> None:
    assert {part(module) for module in MODULES} - {""} == set(HEIGHT)


@pytest.mark.parametrize("module", [module for module in MODULES if module])
def test_imports_point_down(module: str) -> None:
    upward = {
        other
        for other in own(imports(module))
        if other and part(other) != part(module) and HEIGHT[part(other)] >= HEIGHT[part(module)]
    }
    assert upward == set()


def test_nothing_but_the_root_imports_from_the_root() -> None:
    """`from pratique import verify` names a module; a public name taken from there would turn the house over."""
    for module in MODULES:
        if module:
            assert "" not in own(imports(module)), module


def test_no_module_needs_itself_to_be_imported() -> None:
    graph = {module: own(imports(module, at_import=True)) - {module} for module in MODULES if module}
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("library", DOORS)
def test_library_has_its_doors(library: str) -> None:
    users = {
        module for module in MODULES if any(name.partition(".")[0] == library for name in imports(module)) and module
    }
    assert {module for module in users if module not in DOORS[library] and part(module) not in DOORS[library]} == set()


def test_public_names_are_these() -> None:
    assert pratique.__all__ == [
        "HeldCredential",
        "Issuer",
        "PratiqueError",
        "PrivateKey",
        "PublicKey",
        "Report",
        "Revocation",
        "RuleSet",
        "Signer",
        "SoftwareSigner",
        "StatusStore",
        "TravelDocument",
        "TrustStore",
        "Verdict",
        "Verifier",
        "parse_mrz",
        "qr",
    ]


@pytest.mark.parametrize("name", pratique.__all__)
def test_public_name_can_be_had(name: str) -> None:
    assert getattr(pratique, name) is not None
    assert name in dir(pratique)


def test_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = pratique.nothing


@pytest.mark.parametrize("module", MODULES)
def test_names_that_a_module_offers_are_there(module: str) -> None:
    if module == "cli.__main__" or MODULES[module].name == "__main__.py":
        return
    found = __import__(f"pratique.{module}".rstrip("."), fromlist=["_"])
    for name in getattr(found, "__all__", ()):
        assert hasattr(found, name), name


def loaded(code: str) -> set[str]:
    """Return the top-level packages that a fresh interpreter has loaded after some code."""
    script = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    return set(done.stdout.split())


HEAVY = {"PIL", "cbor2", "click", "cryptography", "jsonschema", "pkcs11", "qrcode", "zxingcpp"}


def test_importing_the_library_loads_nothing_heavy() -> None:
    found = loaded("import pratique")
    assert found & HEAVY == set()
    assert found & {"asyncio", "email", "importlib_metadata", "json", "logging", "unittest", "urllib"} == set()


def test_verifier_loads_no_pictures_and_no_command_line() -> None:
    assert loaded("from pratique import Verifier, TrustStore") & (HEAVY - {"cbor2"}) == set()
