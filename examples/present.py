"""A holder: look at what a credential can show, choose, and make the QR code that shows just that.

    python examples/present.py FOLDER [CLAIM...]        for example event.date event.product

Reads FOLDER/held.pq1, the issuer's copy. Writes FOLDER/card.png. Nothing is signed again, and nobody is asked.
"""

import sys
from pathlib import Path

from pratique import HeldCredential, PratiqueError, qr

folder, claims = Path(sys.argv[1]), sys.argv[2:]
held = HeldCredential.from_text((folder / "held.pq1").read_text())
if not held.is_complete:
    print("the issuer kept claims back: ask for a copy that opens all of them")

try:
    text = held.present(disclose=claims)
except PratiqueError as error:  # a claim that this credential does not have
    sys.exit(f"{error} {error.hint}")

(folder / "card.png").write_bytes(qr.render.png(text))
closed = [name for name in held.disclosable if name not in claims]
print(f"a code of {qr.render.modules(text)} modules a side shows", ", ".join(claims) or "nothing beyond the frame")
print("closed stay", ", ".join(closed))
