"""A trust list as large as any: what it costs to load in both of its forms, and to look a key up."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.measure import Effort, Table, at_most, micro
from pratique.cose.keys import PublicKey
from pratique.trust import wire

if TYPE_CHECKING:
    from benchmarks.scene import Scene

_KEYS_OF_ONE = 5
_SECONDS, _MEGABYTES, _MICROSECONDS = 1, 150, 2  # targets

# A process of its own for each, whose memory has held nothing before; what it held at most, Linux tells. The file is
# read inside what is measured.
_LOAD = """
import json, sys, time, timeit
from pathlib import Path
from pratique.codec import json as strict_json
from pratique.trust import TrustList, TrustStore, wire

def peak():
    status = Path("/proc/self/status").read_text().partition("VmHWM:")[2]
    return int(status.split()[0])

file = Path(sys.argv[1])
before = peak()
begin = time.perf_counter()
data = file.read_bytes()
read = TrustList.from_cbor if file.suffix == ".cbor" else lambda data: TrustList.from_json(strict_json.decode(data))
store = TrustStore([read(data)])
seconds = time.perf_counter() - begin
kilobytes = peak() - before
wanted = store.lists[0].keys[-1].key_id
found = min(timeit.repeat(lambda: store.keys_for("pratique", wanted), number=1000, repeat=20)) / 1000
print(json.dumps([seconds, kilobytes / 1000, found]))
"""


def large_list(scene: Scene, effort: Effort) -> Table:
    document = _document(scene, effort.keys)
    encoded = {"json": json.dumps(document).encode(), "cbor": wire.to_cbor(document)}
    with TemporaryDirectory() as folder:
        measured = {form: _load(Path(folder) / f"list.{form}", data, effort) for form, data in encoded.items()}
    rows = [
        (
            f"load, {name}, {len(encoded[form]) / 1e6:.1f} MB",
            f"{measured[form][0]:.2f} s",
            f"{measured[form][1]:.0f} MB",
            _target(measured[form]) if form == "cbor" else "",
        )
        for form, name in (("cbor", "signed form (CBOR)"), ("json", "JSON"))
    ]
    found = measured["cbor"][2]
    rows.append(("look a key up among all", micro(found), "", at_most(_MICROSECONDS, found * 1e6, " µs")))
    return Table(
        "A large trust list",
        f"{len(document['issuers']):,} issuers with {effort.keys:,} keys on P-256, all of them different: from the "
        "file to a store that answers, in a new process, and by how much its memory grew at most. Keys are parsed when "
        "they are first used.",
        ("", "time", "memory", "target"),
        tuple(rows),
    )


def _target(measured: list[float]) -> str:
    return f"{at_most(_SECONDS, measured[0], ' s')}; {at_most(_MEGABYTES, measured[1], ' MB')}"


def _document(scene: Scene, keys: int) -> dict[str, Any]:
    """Return a list whose keys have windows side by side, five to an issuer."""
    issuers = [
        {
            "id": f"https://health-{number}.example.org",
            "country": "UTO",
            "names": {"en": f"Ministry of Health {number}"},
            "status_lists": [f"https://health-{number}.example.org/status/"],
            "keys": [_key(month) for month in range(1, _KEYS_OF_ONE + 1)],
        }
        for number in range(keys // _KEYS_OF_ONE)
    ]
    due = {"next_update": "2099-01-01T00:00:00Z", "expires_at": "2099-01-01T00:00:00Z"}
    return {**scene.world.list_document, **due, "issuers": issuers}


def _key(month: int) -> dict[str, Any]:
    key = PublicKey.from_native(ec.generate_private_key(ec.SECP256R1()).public_key())
    return {
        "key_id": base64.b64encode(key.key_id).decode(),
        "public_key": key.jwk,
        "formats": ["pratique"],
        "not_before": f"2026-{month:02}-01T00:00:00Z",
        "not_after": f"2026-{month + 1:02}-01T00:00:00Z",
    }


def _load(file: Path, data: bytes, effort: Effort) -> list[float]:
    """Return the shortest time in seconds, the least memory in megabytes, and the shortest look-up in seconds."""
    file.write_bytes(data)
    runs = [
        json.loads(subprocess.check_output([sys.executable, "-c", _LOAD, str(file)], text=True))  # noqa: S603 - our own
        for _ in range(max(1, effort.starts // 3))
    ]
    return [min(values) for values in zip(*runs, strict=True)]
