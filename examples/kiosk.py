"""A kiosk that is offline: two of three keepers sign all that it relies on in one file, which it takes in and goes by.

    python examples/kiosk.py FOLDER

Reads FOLDER/issuer.jwk, card.png and passport.txt. Writes FOLDER/trust, the operator's, and makes FOLDER/kiosk.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pratique import PrivateKey, PublicKey, SoftwareSigner, Verifier, bundle_folder, parse_mrz, qr
from pratique.codec import json
from pratique.packing import pack
from pratique.rules.ready_made import ready_made
from pratique.trust.entries import Limits, key_entry, with_key
from pratique.trust.root import Root

folder, now, day = Path(sys.argv[1]), datetime.now(UTC).replace(microsecond=0), timedelta(days=1)
# The keepers, each with a key of their own. Whoever verifies pins the root: these keys, and that two must sign.
a, b, c = (PrivateKey.generate() for _ in range(3))
keys, year = (a.public, b.public, c.public), 365 * day
root = Root(id="utopia", version=1, issued_at=now, expires_at=now + year, threshold=2, keys=keys)
# The operator: whom the border trusts and for what, packed with its entry rules. It counts for a week.
(folder / "trust").mkdir(exist_ok=True)
key = PublicKey.from_jwk(json.decode((folder / "issuer.jwk").read_bytes()))
entry = key_entry(key, format_="pratique", limits=Limits(not_before=now - day, not_after=now + year))
facts = with_key(None, entry, issuer="https://health.utopia.example", country="UTO", name="Utopia", at=now)
(folder / "trust" / "local.trust.json").write_text(json.encode(facts))
(folder / "trust" / "acceptance.json").write_text('{"accept": [{"countries": ["UTO"], "targets": ["1D47"]}]}')
rules = [ready_made("yellow-fever-entry")]
bundle, _ = pack("utopia", 1, at=now, due=day, ends=7 * day, trust=folder / "trust", rules=rules)
signed = bundle.sign([SoftwareSigner(a), SoftwareSigner(c)])

# The kiosk: take the file in, from a stick, and verify by nothing else.
bundle_folder.take(folder / "kiosk", signed, root=root, at=now)
bundle = bundle_folder.load(folder / "kiosk", root=root).bundle
(text,), (rules,) = qr.read.read(folder / "card.png"), bundle.rules()
passport = parse_mrz((folder / "passport.txt").read_text())
print(Verifier.of_bundle(bundle).verify(text, at=now, document=passport, rules=rules).explain())
