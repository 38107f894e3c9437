"""A border: trust one foreign issuer for one thing, scan a code, and answer with the passport in hand; offline.

    python examples/verify_at_border.py FOLDER

Reads FOLDER/issuer.jwk, card.png and passport.txt. Ends with 0 for accept, 1 for reject, 3 for a person to look.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pratique import PublicKey, TrustStore, Verdict, Verifier, parse_mrz, qr
from pratique.codec import json
from pratique.rules.ready_made import ready_made
from pratique.trust import Acceptance, AcceptanceLine, TrustList
from pratique.trust.entries import Limits, key_entry, with_key

folder, now = Path(sys.argv[1]), datetime.now(UTC)

# What is a fact: this key is that issuer's, and may attest vaccinations. In practice, files that TrustStore.load reads.
key = PublicKey.from_jwk(json.decode((folder / "issuer.jwk").read_bytes()))
limits = Limits(kinds=frozenset({"vaccination"}), not_before=now - timedelta(days=1), not_after=now + timedelta(365))
entry = key_entry(key, format_="pratique", limits=limits)
facts = with_key(None, entry, issuer="https://health.utopia.example", country="UTO", name="Utopia", at=now)
# What is this border's decision: yellow fever by that country counts here. Without a line nothing does.
decision = Acceptance(accept=(AcceptanceLine(countries=frozenset({"UTO"}), targets=frozenset({"1D47"})),))
verifier = Verifier(TrustStore([TrustList.from_json(facts)], acceptance=decision))

document = parse_mrz((folder / "passport.txt").read_text())
(text,) = qr.read.read(folder / "card.png")
rules = ready_made("yellow-fever-entry")  # what the destination asks
report = verifier.verify(text, at=now, document=document, rules=rules)

print(report.verdict.upper())
print("to the officer:", report.explain())
print("to the traveller:", report.for_traveller())
print("kept:", report.record(rules=rules) or "nothing, as the rules say")
sys.exit({Verdict.ACCEPT: 0, Verdict.REJECT: 1, Verdict.REFER: 3}[report.verdict])
