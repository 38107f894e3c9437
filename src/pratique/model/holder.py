"""Who a credential is about, as far as it was disclosed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pratique.model.personal import Personal

if TYPE_CHECKING:
    from pratique.model.dates import PartialDate


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Holder(Personal):
    """The person a credential is about. What is None was not stated or not disclosed.

    `name` is in the transliteration of ICAO Doc 9303 part 3, `SURNAME<<GIVEN<NAMES`; `name_native` as the person
    writes it; `nationality` is ISO 3166-1 alpha-3 or one of the codes that Doc 9303 adds.
    """

    name: str | None = None
    name_native: str | None = None
    birth_date: PartialDate | None = None
    sex: str | None = None
    nationality: str | None = None
    document_number: str | None = None
    national_id: str | None = None
    guardian: str | None = None

    @property
    def any_name(self) -> str:
        """Return the transliterated name, else the one as the person writes it, else nothing."""
        return self.name or self.name_native or ""
