"""What a verifier's foreign revocation lists say of a proven credential, and whose word on it counts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import who
from authority import DCC_KEY_IDS, NOW, PS256, DccState, World, dcc_vaccination
from pratique import formats
from pratique.cose.revocation_list import RevocationList
from pratique.errors import DecodeError
from pratique.reasons import Reason
from pratique.status.dcc_hash_list import HashBatch
from pratique.status.foreign import Answer, Damage, ForeignRevocation
from pratique.status.smart_rid import CardList
from revocation import UCI, b64, batch, sha
from seals import SealState, certificate_list, vaccination
from shc import ISS, ShcIssuer, b64u, payload

if TYPE_CHECKING:
    from pratique.formats import Envelope

HOUR = timedelta(hours=1)


def opened(text: str) -> tuple[Envelope, str]:
    reader, text = formats.recognise(text)
    envelope = reader.envelope(text)
    return envelope, envelope.read().format


def ask(world: World, lists: ForeignRevocation, text: str, *, at: Any = NOW) -> Answer:
    """Ask as a verifier does, with the keys of the trust store that the code could have been signed with."""
    envelope, format_ = opened(text)
    assert lists.concern(format_)
    keys = [key for name in envelope.formats for key in world.store.keys_for(name, envelope.key_id)]
    assert keys
    return lists.answer(envelope.revocation_identifiers(), keys, at=at)


def dcc_world(**entry: Any) -> tuple[World, str]:
    world = World()
    state = DccState(world.clock)
    world.trusted.append(state.entry(**entry))
    return world, state.sign(dcc_vaccination())


def batches(*documents: dict[str, Any]) -> list[HashBatch]:
    return list(map(HashBatch.from_json, documents))


def cards(issuer: ShcIssuer, *rids: str, **changes: Any) -> CardList:
    return CardList.from_json(
        {"kid": b64u(issuer.thumbprint), "method": "rid", "ctr": 1, "rids": list(rids), **changes}
    )


def shc_world(rid: str | None = "AQPCj4wwk6Mt", **issuer: Any) -> tuple[World, ShcIssuer, str]:
    world = World()
    made = ShcIssuer(world.clock, **issuer)
    world.trusted.append(made.entry())
    return world, made, made.text(payload(vc={"rid": rid}, iss=made.iss))


def test_nothing_held_concerns_nothing() -> None:
    empty = ForeignRevocation()
    for name in ("eu-dcc", "who-hcert", "at-exemption", "smart-health-card", "icao-vds-nc", "pratique"):
        assert not empty.concern(name)
    world, text = dcc_world()
    envelope, _ = opened(text)
    keys = world.store.keys_for("eu-dcc", envelope.key_id)
    assert empty.answer(envelope.revocation_identifiers(), keys, at=NOW) == Answer(Reason.STATUS_NOT_HELD)


def test_lists_of_one_network_concern_its_formats_alone() -> None:
    lists = ForeignRevocation(batches(batch(sha("x"))))
    assert [name for name in ("eu-dcc", "who-hcert", "at-exemption") if lists.concern(name)] == [
        "eu-dcc",
        "who-hcert",
        "at-exemption",
    ]
    assert not any(map(lists.concern, ("smart-health-card", "icao-vds-nc", "nz-covid-pass", "pratique")))


def test_credential_that_no_foreign_list_can_name_gets_no_word() -> None:
    world = World()
    envelope, _ = opened(world.home.issue_vaccination().present())
    assert envelope.revocation_identifiers() is None
    lists = ForeignRevocation(batches(batch(sha("x"))))
    assert lists.answer(None, (), at=NOW) == Answer(Reason.STATUS_NOT_HELD)


# EU DCC


def test_certificate_on_a_list_of_its_state_is_revoked() -> None:
    world, text = dcc_world()
    answer = ask(world, ForeignRevocation(batches(batch(sha(UCI)))), text)
    assert answer == Answer(Reason.STATUS_REVOKED, "AUT, by a hash of type UCI")


def test_certificate_that_is_not_on_the_list_of_its_state_is_not_revoked() -> None:
    world, text = dcc_world()
    assert ask(world, ForeignRevocation(batches(batch(sha("x")))), text) == Answer(Reason.STATUS_NOT_LISTED)


def test_list_of_another_state_says_nothing() -> None:
    world, text = dcc_world()
    lists = ForeignRevocation(batches(batch(sha(UCI), country="FR"), batch(sha(UCI), country="FR", kid="UNKNOWN_KID")))
    assert ask(world, lists, text) == Answer(Reason.STATUS_NOT_HELD)


def test_owner_of_the_key_counts_and_not_the_country_that_a_certificate_states() -> None:
    world = World()
    state = DccState(world.clock, country="FRA", iss="AT")
    world.trusted.append(state.entry())
    text = state.sign(dcc_vaccination())
    assert ask(world, ForeignRevocation(batches(batch(sha(UCI)))), text).code is Reason.STATUS_NOT_HELD
    assert ask(world, ForeignRevocation(batches(batch(sha(UCI), country="FR"))), text).code is Reason.STATUS_REVOKED


def test_any_owner_of_a_shared_key_may_revoke() -> None:
    world, text = dcc_world()
    world.trusted.append(DccState(world.clock, country="LIE").entry())
    assert ask(world, ForeignRevocation(batches(batch(sha(UCI), country="LI"))), text).code is Reason.STATUS_REVOKED


def test_list_of_another_key_of_the_state_does_not_revoke() -> None:
    world, text = dcc_world()
    lists = ForeignRevocation(batches(batch(sha(UCI), kid=b64(DCC_KEY_IDS[PS256]))))
    assert ask(world, lists, text).code is Reason.STATUS_NOT_LISTED


def test_complete_lists_speak_for_a_state_without_any_batch() -> None:
    world, text = dcc_world()
    lists = ForeignRevocation(as_of={"eu-dcc": NOW - HOUR})
    assert ask(world, lists, text) == Answer(Reason.STATUS_NOT_LISTED, "", NOW - HOUR)


def test_complete_lists_of_the_gateway_do_not_speak_for_who_does_not_send_there() -> None:
    world = World()
    state = DccState(world.clock)
    world.trusted.append(state.entry(formats=["who-hcert"]))
    text = who.sign_card(3)
    lists = ForeignRevocation(as_of={"eu-dcc": NOW - HOUR})
    assert ask(world, lists, text).code is Reason.STATUS_NOT_HELD
    envelope, _ = opened(text)
    listed = batch(sha(envelope.signature[:32]), hash_type="SIGNATURE")
    assert ask(world, ForeignRevocation(batches(listed)), text).code is Reason.STATUS_REVOKED


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (HOUR - timedelta(seconds=1), Reason.STATUS_NOT_LISTED),
        (HOUR, Reason.STATUS_STALE),
        (HOUR + timedelta(seconds=1), Reason.STATUS_STALE),
    ],
)
def test_lists_past_their_age_are_stale_and_revoke_all_the_same(age: timedelta, code: Reason) -> None:
    world, text = dcc_world()
    as_of = {"eu-dcc": NOW - age}
    assert ask(world, ForeignRevocation(batches(batch(sha("x"))), as_of=as_of, max_age=HOUR), text).code is code
    lists = ForeignRevocation(batches(batch(sha(UCI))), as_of=as_of, max_age=HOUR)
    assert ask(world, lists, text) == Answer(Reason.STATUS_REVOKED, "AUT, by a hash of type UCI", NOW - age)


@pytest.mark.parametrize(("seconds", "code"), [(60, Reason.STATUS_NOT_LISTED), (61, Reason.STATUS_NOT_YET)])
def test_clock_set_back_does_not_make_old_lists_new(seconds: int, code: Reason) -> None:
    world, text = dcc_world()
    as_of = {"eu-dcc": NOW + timedelta(seconds=seconds)}
    for max_age in (None, HOUR):
        assert ask(world, ForeignRevocation(as_of=as_of, max_age=max_age), text).code is code
        revoked = ForeignRevocation(batches(batch(sha(UCI))), as_of=as_of, max_age=max_age)
        assert ask(world, revoked, text).code is Reason.STATUS_REVOKED


def test_lists_of_no_known_time_are_stale_where_there_is_a_limit() -> None:
    world, text = dcc_world()
    answer = ask(world, ForeignRevocation(batches(batch(sha("x"))), max_age=HOUR), text)
    assert answer == Answer(Reason.STATUS_STALE, "lists of eu-dcc, of: no time is known")


@pytest.mark.parametrize(
    ("network", "code"),
    [
        ("eu-dcc", Reason.STATUS_LIST_INVALID),
        (None, Reason.STATUS_LIST_INVALID),
        ("icao-vds-nc", Reason.STATUS_NOT_LISTED),
    ],
)
def test_file_that_cannot_be_read_leaves_its_network_without_an_answer(network: str | None, code: Reason) -> None:
    world, text = dcc_world()
    damage = [Damage("x.dcc.json", network, "not JSON", left_out=True)]
    assert ask(world, ForeignRevocation(batches(batch(sha("x"))), damage=damage), text).code is code
    assert ask(world, ForeignRevocation(batches(batch(sha(UCI))), damage=damage), text).code is Reason.STATUS_REVOKED
    alone = ForeignRevocation(damage=damage)
    assert alone.concern("eu-dcc") is (code is Reason.STATUS_LIST_INVALID)


def test_entries_set_aside_leave_the_rest_its_answer() -> None:
    world, text = dcc_world()
    damage = [Damage("x.dcc.json", "eu-dcc", "1 entries", left_out=False)]
    lists = ForeignRevocation(batches(batch(sha("x"))), damage=damage)
    assert ask(world, lists, text).code is Reason.STATUS_NOT_LISTED
    assert lists.damage == tuple(damage)


# SMART Health Cards


def test_card_on_the_list_of_its_key_is_revoked() -> None:
    world, issuer, text = shc_world()
    lists = ForeignRevocation([cards(issuer, "AQPCj4wwk6Mt", iss=ISS, ctr=5)])
    assert ask(world, lists, text) == Answer(Reason.STATUS_REVOKED, "list with counter 5")


def test_card_that_is_not_on_the_list_of_its_key_is_not_revoked() -> None:
    world, issuer, text = shc_world()
    assert ask(world, ForeignRevocation([cards(issuer, "other")]), text) == Answer(Reason.STATUS_NOT_LISTED)


def test_card_without_a_rid_is_on_no_list() -> None:
    world, issuer, text = shc_world(rid=None)
    assert ask(world, ForeignRevocation([cards(issuer, "None")]), text).code is Reason.STATUS_NOT_LISTED


def test_list_of_another_key_says_nothing() -> None:
    world, _, text = shc_world()
    other = ShcIssuer(world.clock, number=1)
    assert ask(world, ForeignRevocation([cards(other, "AQPCj4wwk6Mt")]), text).code is Reason.STATUS_NOT_HELD


def test_list_that_names_its_issuer_does_not_count_for_another_with_the_same_key() -> None:
    world, issuer, text = shc_world()
    world.trusted.append(ShcIssuer(world.clock, iss="https://other.example").entry())
    named = ForeignRevocation([cards(issuer, "AQPCj4wwk6Mt", iss="https://other.example")])
    assert ask(world, named, text).code is Reason.STATUS_NOT_HELD
    unnamed = ForeignRevocation([cards(issuer, "AQPCj4wwk6Mt")])
    assert ask(world, unnamed, text).code is Reason.STATUS_REVOKED


@pytest.mark.parametrize("order", [1, -1])
def test_card_list_with_the_higher_counter_counts(order: int) -> None:
    world, issuer, text = shc_world()
    old, new = cards(issuer, "AQPCj4wwk6Mt", ctr=9), cards(issuer, ctr=10)
    assert ask(world, ForeignRevocation([old, new][::order]), text).code is Reason.STATUS_NOT_LISTED


def test_list_behind_what_the_issuer_announced_is_stale_and_revokes_all_the_same() -> None:
    world, issuer, text = shc_world()
    behind = ForeignRevocation([cards(issuer, ctr=4, crlVersion=5)])
    assert ask(world, behind, text) == Answer(Reason.STATUS_STALE, "counter 4, the issuer has announced 5")
    listed = ForeignRevocation([cards(issuer, "AQPCj4wwk6Mt", ctr=4, crlVersion=5)])
    assert ask(world, listed, text).code is Reason.STATUS_REVOKED
    damaged = ForeignRevocation(
        [cards(issuer, ctr=4, crlVersion=5)], damage=[Damage("x", "smart-health-card", "", left_out=True)]
    )
    assert ask(world, damaged, text).code is Reason.STATUS_LIST_INVALID


def test_time_of_all_card_lists_does_not_stand_for_the_list_of_one_key() -> None:
    world, _, text = shc_world()
    lists = ForeignRevocation(as_of={"smart-health-card": NOW})
    assert ask(world, lists, text) == Answer(Reason.STATUS_NOT_HELD, "", NOW)


# VDS-NC


def seal_world() -> tuple[World, SealState, str]:
    world = World()
    state = SealState()
    world.trusted.append(state.entry(world.clock))
    return world, state, state.sign(vaccination())


def certificates(state: SealState, *serials: int, **options: Any) -> RevocationList:
    return RevocationList.read(certificate_list(state, *serials, **options))


def test_seal_of_a_revoked_signer_is_revoked() -> None:
    world, state, text = seal_world()
    answer = ask(world, ForeignRevocation([certificates(state, 5, 7)]), text)
    made = NOW - timedelta(days=1)
    assert answer == Answer(Reason.STATUS_REVOKED, "the certificate of the signer, by its authority", made)


def test_seal_of_a_signer_that_is_not_listed_is_not_revoked() -> None:
    world, state, text = seal_world()
    assert ask(world, ForeignRevocation([certificates(state, 5)]), text).code is Reason.STATUS_NOT_LISTED


def test_list_of_another_authority_says_nothing_of_a_signer() -> None:
    world, state, text = seal_world()
    other = SealState("AU", "AUS", key="ES256")
    for lists in ([certificates(other, 7)], [certificates(state, 7, signed_by=other.key)]):
        assert ask(world, ForeignRevocation(lists), text).code is Reason.STATUS_NOT_HELD


@pytest.mark.parametrize(
    ("after", "code"),
    [(-1, Reason.STATUS_NOT_LISTED), (0, Reason.STATUS_STALE), (1, Reason.STATUS_STALE)],
    ids=["before", "at", "after"],
)
def test_certificate_list_is_stale_from_its_next_update_on(after: int, code: Reason) -> None:
    world, state, text = seal_world()
    at = NOW + timedelta(days=29, seconds=after)
    assert ask(world, ForeignRevocation([certificates(state)]), text, at=at).code is code
    assert ask(world, ForeignRevocation([certificates(state, 7)]), text, at=at).code is Reason.STATUS_REVOKED


@pytest.mark.parametrize(("seconds", "code"), [(60, Reason.STATUS_NOT_LISTED), (61, Reason.STATUS_NOT_YET)])
def test_certificate_list_of_a_time_to_come_is_not_believed(seconds: int, code: Reason) -> None:
    world, state, text = seal_world()
    lists = ForeignRevocation([certificates(state, 9, made=NOW + timedelta(seconds=seconds))])
    assert ask(world, lists, text).code is code


def test_certificate_lists_that_cannot_be_read_leave_no_answer() -> None:
    world, state, text = seal_world()
    damage = [Damage("x.crl", "icao-vds-nc", "", left_out=True)]
    lists = ForeignRevocation([certificates(state)], damage=damage)
    assert ask(world, lists, text).code is Reason.STATUS_LIST_INVALID


# Misuse


@pytest.mark.parametrize(
    "options",
    [
        {"as_of": {"eu": NOW}},
        {"as_of": {"eu-dcc": NOW.replace(tzinfo=None)}},
        {"max_age": timedelta(seconds=-1)},
    ],
    ids=str,
)
def test_misuse_is_a_value_error(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"network|aware|negative"):
        ForeignRevocation(**options)


def test_too_many_hashes_are_refused() -> None:
    many = HashBatch.from_json(batch(sha("x")))
    many = HashBatch(many.country, None, many.hash_type, many.expires_at, (bytes(16),) * 4_000_001)
    with pytest.raises(DecodeError, match="more than 4000000"):
        ForeignRevocation([many])


def test_what_is_held_is_counted_and_not_shown() -> None:
    _, issuer, _ = shc_world()
    lists = [*batches(batch(sha("x"), sha("y"))), cards(issuer), certificates(SealState())]
    assert repr(ForeignRevocation(lists)) == "ForeignRevocation(2 hashes, 1 card lists, 1 certificate lists)"
