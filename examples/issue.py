"""An issuer: sign a yellow fever vaccination, bound to the traveller's passport.

    python examples/issue.py FOLDER

Reads FOLDER/passport.txt, or puts a specimen there. Writes FOLDER/held.pq1, the copy for the holder, which opens every
claim, and FOLDER/issuer.jwk, the public key for borders. Next: present.py, then verify_at_border.py.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pratique import Issuer, PrivateKey, SoftwareSigner, parse_mrz
from pratique.codec import json
from pratique.model import Coding, Dose, Holder, PartialDate, Vaccination

SPECIMEN = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F3504152<<<<<<<<<<<<<<04\n"

folder, now = Path(sys.argv[1]), datetime.now(UTC)
if not (folder / "passport.txt").exists():
    (folder / "passport.txt").write_text(SPECIMEN)

key = PrivateKey.generate()  # a real one stays in a security module, behind the protocol `pratique.Signer`
issuer = Issuer("https://health.utopia.example", signer=SoftwareSigner(key))
vaccination = Vaccination(
    target="1D47",  # yellow fever in ICD-11
    date=PartialDate.from_date(now.date() - timedelta(days=90)),
    product=Coding("who-pq", "yf-stamaril"),
    dose=Dose(1, 1),
    batch="YF-2041",
)
holder = Holder(name="ERIKSSON<<ANNA<MARIA", birth_date=PartialDate(1974, 8, 12))
document = parse_mrz((folder / "passport.txt").read_text())
held = issuer.issue(vaccination, holder=holder, document=document, at=now)

(folder / "held.pq1").write_text(held.text)
(folder / "issuer.jwk").write_text(json.encode(key.public.jwk))
print("issued; only the holder can show", ", ".join(held.disclosable))
