"""Other COSE libraries, in an environment of their own: python-cwt and pycose need an older cbor2 than pratique.

The parent makes the environment once, `benchmarks/.venv-peers`, and hands over one signed message. It is measured here
beside the same bare signature check, so that the ratio is of one process: `python -m benchmarks.peers < job`.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Effort, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.scene import Case

HOME = Path(__file__).parent / ".venv-peers"
PACKAGES = ("cwt", "pycose", "base45", "joserfc", "healthcards")


def _python() -> Path:
    return HOME / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def install() -> str:
    """Make the environment where it is not there yet. Returns why it cannot be used, or nothing."""
    if _installed():
        return ""
    venv.create(HOME, with_pip=True, clear=True)  # else a link in what is there is written through
    made = subprocess.run(  # noqa: S603 - our own environment
        [_python(), "-m", "pip", "install", "--quiet", *PACKAGES], capture_output=True, text=True, check=False
    )
    return "" if made.returncode == 0 else "absent: pip could not install them"


def measured(case: Case, effort: Effort) -> dict[str, Any] | None:
    """Return seconds by competitor, `raw` among them, and `versions`; None where the environment is absent."""
    if not _installed():
        return None
    from pratique.codec import base45, deflate  # noqa: PLC0415 - not at hand on the other side

    message = deflate.inflate(base45.decode(case.text[4:]))
    return _answer({**_job(case, effort), "text": case.text, "message": message.hex()})


def measured_card(case: Case, effort: Effort) -> dict[str, Any] | None:
    """Return the same for a SMART Health Card."""
    return _answer({**_job(case, effort), "card": case.text}) if _installed() else None


def _job(case: Case, effort: Effort) -> dict[str, Any]:
    """Return what every competitor needs: the signature, what it is over, the key, and how long to measure."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    from benchmarks.scene import der  # noqa: PLC0415 - not at hand on the other side

    envelope, native = case.envelopes()[0], case.key.native
    return {
        "signature": der(envelope.signature).hex(),
        "to_be_signed": envelope.to_be_signed.hex(),
        "key_id": envelope.key_id.hex(),
        "key": native.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "rounds": effort.rounds,
        "turn": effort.turn,
    }


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    """Return what the other environment measures."""
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


def _installed() -> bool:
    if not _python().exists():
        return False
    imports = "import " + ", ".join(PACKAGES)
    return subprocess.run([_python(), "-c", imports], capture_output=True, check=False).returncode == 0  # noqa: S603


def _measure(job: dict[str, Any]) -> dict[str, Any]:
    """Measure in the environment of the peers."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    signature, to_be_signed = (bytes.fromhex(job[name]) for name in ("signature", "to_be_signed"))
    native: Any = load_pem_public_key(job["key"].encode())
    algorithm = ec.ECDSA(hashes.SHA256())
    others = _of_cards(job) if "card" in job else _of_certificates(job, native)
    competitors = {"raw": lambda: native.verify(signature, to_be_signed, algorithm), **others}
    spent = take_turns(competitors, rounds=job["rounds"], turn=job["turn"])
    return {**spent, "versions": {name: version(name) for name in (*PACKAGES, "cbor2", "cryptography")}}


def _of_certificates(job: dict[str, Any], native: Any) -> dict[str, Callable[[], object]]:
    import zlib  # noqa: PLC0415

    import base45  # noqa: PLC0415
    from cwt import COSE, COSEKey  # noqa: PLC0415
    from pycose.keys import EC2Key  # noqa: PLC0415
    from pycose.messages import Sign1Message  # noqa: PLC0415

    message, key_id = bytes.fromhex(job["message"]), bytes.fromhex(job["key_id"])
    cose, cwt_key = COSE.new(), COSEKey.from_pem(job["key"], kid=key_id, alg="ES256")
    numbers = native.public_numbers()
    pycose_key = EC2Key(crv="P_256", x=numbers.x.to_bytes(32, "big"), y=numbers.y.to_bytes(32, "big"))

    def pycose_verify() -> None:
        signed = Sign1Message.decode(message)
        signed.key = pycose_key
        if not signed.verify_signature():
            raise ValueError("pycose refuses the message")

    return {
        "cwt": lambda: cose.decode(message, cwt_key),
        "cwt from text": lambda: cose.decode(zlib.decompress(base45.b45decode(job["text"][4:])), cwt_key),
        "pycose": pycose_verify,
    }


def _of_cards(job: dict[str, Any]) -> dict[str, Callable[[], object]]:
    import urllib.request  # noqa: PLC0415
    import zlib  # noqa: PLC0415
    from io import BytesIO  # noqa: PLC0415

    from healthcards import parser  # noqa: PLC0415
    from joserfc import jws  # noqa: PLC0415
    from joserfc.jwk import ECKey  # noqa: PLC0415

    key = ECKey.import_key(job["key"])
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)  # `zip` is none that it knows

    def joserfc_verify() -> object:
        digits = job["card"].rpartition("/")[2]
        compact = "".join([chr(int(digits[i : i + 2]) + 45) for i in range(0, len(digits), 2)])
        signed = jws.deserialize_compact(compact, key, registry=registry)
        return json.loads(zlib.decompress(signed.payload, wbits=-15))

    # It asks the issuer's server for the keys, at every verification; here they come from memory.
    header = json.loads(base64.urlsafe_b64decode(parser.decode_qr_to_jws(job["card"]).partition(".")[0] + "=="))
    keys = json.dumps({"keys": [{**key.as_dict(private=False), "kid": header["kid"]}]}).encode()
    urllib.request.urlopen = lambda _: BytesIO(keys)

    def healthcards_verify() -> object:
        card = parser.JWS(parser.decode_qr_to_jws(job["card"]))
        if not card.verified:
            raise ValueError("healthcards refuses the card")
        return card.payload

    return {"joserfc": joserfc_verify, "healthcards": healthcards_verify}


if __name__ == "__main__":
    print(json.dumps(_measure(json.load(sys.stdin))))
