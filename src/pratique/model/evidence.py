"""The six kinds of fact that a credential can attest.

`target` is the disease agent as an ICD-11 code. A field that is None was not stated or not disclosed; which of the two
it was, a credential with selective disclosure does not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from pratique.model.personal import Personal

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.model.codes import Coding
    from pratique.model.dates import PartialDate


class Kind(StrEnum):
    """The kinds of fact."""

    VACCINATION = "vaccination"
    PROPHYLAXIS = "prophylaxis"
    TEST = "test"
    RECOVERY = "recovery"
    EXEMPTION = "exemption"
    CLEARANCE = "clearance"


@dataclass(frozen=True, slots=True)
class Dose:
    """Which dose of how many, as the issuer reported it; `of` is None where no series is stated."""

    number: int
    of: int | None = None


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Evidence(Personal):
    """What every kind of fact has: the disease agent, and where and by whom the fact was recorded.

    `valid_from` and `valid_until` are the days from when and until when the fact counts, both inside, where its format
    states or fixes them. `country` is ISO 3166-1 alpha-3; `authority` the body that vouches for the record.
    """

    kind: ClassVar[Kind]

    target: str | None = None
    date: PartialDate | None = None
    valid_from: PartialDate | None = None
    valid_until: PartialDate | None = None
    country: str | None = None
    centre: str | None = None
    practitioner: str | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Vaccination(Evidence):
    """A dose of vaccine; `date` is the day it was given, `lifelong` is set where it counts for life."""

    kind: ClassVar[Kind] = Kind.VACCINATION

    lifelong: bool | None = None

    product: Coding | None = None
    vaccine: Coding | None = None
    manufacturer: Coding | None = None
    dose: Dose | None = None
    batch: str | None = None


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Prophylaxis(Evidence):
    """Prophylaxis other than a vaccine, as the International Certificate of Vaccination or Prophylaxis allows."""

    kind: ClassVar[Kind] = Kind.PROPHYLAXIS

    product: Coding | None = None
    dose: Dose | None = None
    batch: str | None = None


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class TestResult(Evidence):
    """A laboratory or rapid test; `sampled_at` is UTC."""

    __test__: ClassVar[bool] = False  # its name looks like a test case to pytest
    kind: ClassVar[Kind] = Kind.TEST

    test_method: Coding | None = None
    test_result: Coding | None = None
    sampled_at: datetime | None = None
    product: Coding | None = None
    test_name: str | None = None


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Recovery(Evidence):
    """An infection that was overcome; `date` is the day of the first positive test."""

    kind: ClassVar[Kind] = Kind.RECOVERY


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Exemption(Evidence):
    """A medical reason not to be vaccinated. The reason itself is no claim of any format."""

    kind: ClassVar[Kind] = Kind.EXEMPTION


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Clearance(Evidence):
    """The word of an issuer that its holder met a named rule set, and nothing else about their health."""

    kind: ClassVar[Kind] = Kind.CLEARANCE

    rule: str
