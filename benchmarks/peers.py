"""Other COSE libraries, in an environment of their own: python-cwt and pycose need an older cbor2 than pratique.

The parent makes the environment once, `benchmarks/.venv-peers`, and hands over one signed message. It is measured here
beside the same bare signature check, so that the ratio is of one process: `python -m benchmarks.peers < job`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Effort, take_turns

if TYPE_CHECKING:
    from benchmarks.scene import Case

HOME = Path(__file__).parent / ".venv-peers"
PACKAGES = ("cwt", "pycose", "base45")


def _python() -> Path:
    return HOME / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def install() -> str:
    """Make the environment where it is not there yet. Returns why it cannot be used, or nothing."""
    if _installed():
        return ""
    venv.create(HOME, with_pip=True)
    made = subprocess.run(  # noqa: S603 - our own environment
        [_python(), "-m", "pip", "install", "--quiet", *PACKAGES], capture_output=True, text=True, check=False
    )
    return "" if made.returncode == 0 else "absent: pip could not install them"


def _installed() -> bool:
    if not _python().exists():
        return False
    imports = "import " + ", ".join(PACKAGES)
    return subprocess.run([_python(), "-c", imports], capture_output=True, check=False).returncode == 0  # noqa: S603


def measured(case: Case, effort: Effort) -> dict[str, Any] | None:
    """Return seconds by competitor, `raw` among them, and `versions`; None where the environment is absent."""
    if not _installed():
        return None
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    from benchmarks.scene import der  # noqa: PLC0415 - not at hand on the other side
    from pratique.codec import base45, deflate  # noqa: PLC0415

    envelope, native = case.envelope(), case.key.native
    job = {
        "text": case.text,
        "message": deflate.inflate(base45.decode(case.text[4:])).hex(),
        "signature": der(envelope.signature).hex(),
        "to_be_signed": envelope.to_be_signed.hex(),
        "key_id": envelope.key_id.hex(),
        "key": native.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),  # type: ignore[union-attr]
        "rounds": effort.rounds,
        "turn": effort.turn,
    }
    done = subprocess.run(  # noqa: S603 - our own environment
        [_python(), "-m", "benchmarks.peers"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=True,
        cwd=HOME.parents[1],
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _measure(job: dict[str, Any]) -> dict[str, Any]:
    """Measure in the environment of the peers."""
    import zlib  # noqa: PLC0415

    import base45  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415
    from cwt import COSE, COSEKey  # noqa: PLC0415
    from pycose.keys import EC2Key  # noqa: PLC0415
    from pycose.messages import Sign1Message  # noqa: PLC0415

    message, signature, to_be_signed, key_id = (
        bytes.fromhex(job[name]) for name in ("message", "signature", "to_be_signed", "key_id")
    )
    native: Any = load_pem_public_key(job["key"].encode())
    algorithm = ec.ECDSA(hashes.SHA256())
    cose, cwt_key = COSE.new(), COSEKey.from_pem(job["key"], kid=key_id, alg="ES256")
    numbers = native.public_numbers()
    pycose_key = EC2Key(crv="P_256", x=numbers.x.to_bytes(32, "big"), y=numbers.y.to_bytes(32, "big"))

    def pycose_verify() -> None:
        signed = Sign1Message.decode(message)
        signed.key = pycose_key
        if not signed.verify_signature():
            raise ValueError("pycose refuses the message")

    competitors = {
        "raw": lambda: native.verify(signature, to_be_signed, algorithm),
        "cwt": lambda: cose.decode(message, cwt_key),
        "cwt from text": lambda: cose.decode(zlib.decompress(base45.b45decode(job["text"][4:])), cwt_key),
        "pycose": pycose_verify,
    }
    spent = take_turns(competitors, rounds=job["rounds"], turn=job["turn"])
    return {**spent, "versions": {name: version(name) for name in (*PACKAGES, "cbor2", "cryptography")}}


if __name__ == "__main__":
    print(json.dumps(_measure(json.load(sys.stdin))))
