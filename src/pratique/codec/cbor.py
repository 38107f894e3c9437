"""CBOR (RFC 8949), strict and bounded: the only user of cbor2.

What cbor2 accepts by default and this module refuses: trailing bytes, duplicate keys, indefinite lengths, map keys
other than integers and text (Python takes 1, 1.0 and True for one key), and every tag that the caller did not name. A
tag that is allowed stays a `Tag`: none is turned into a date, a set, a shared reference or a regular expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from io import BytesIO
from typing import Any

import cbor2

from pratique.errors import DecodeError
from pratique.reasons import Reason

MAX_DEPTH = 16  # nested arrays, maps and tags; the deepest format read has 8
_FEW_KEYS = 16  # of a map whose order is worth remembering; more would let a stranger fill the memory
MAX_ITEMS = 10_000  # data items; a QR code holds fewer than 3,000 bytes, and an item takes at least one

_LONG, _LONGEST = 24, 8  # RFC 8949 section 3: from 24 on the argument follows the first byte, in 1, 2, 4 or 8 bytes
_STRINGS = (2, 3)  # major types of bytes and text

Tag = cbor2.CBORTag
Simple = cbor2.CBORSimpleValue
UNDEFINED = cbor2.undefined  # what some issuers write where a value is absent

# A stream shows where an item ends, but takes a third longer than bytes, which do not. So an item is put into an array
# of two, before a mark that is nowhere in it: if the mark comes back as the second, the first is all that was there.
# Behind an item that ends too early something else is the second. One that breaks off swallows part of what follows it;
# to come out as the mark all the same, the mark would have to have a `P`, the head before it, in it.
_PAIR = b"\x82"
_MARK = b"the item is over"
_END = b"P" + _MARK  # the head of a byte string of 16, and the string

_DECODER_TAGS = (*range(6), 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799)


class _Refused(Exception):  # noqa: N818 - a signal inside this module, wrapped by cbor2 on its way out
    def __init__(self, code: Reason, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@lru_cache(maxsize=1024, typed=True)
def _encoded_key(key: Any) -> bytes:
    return cbor2.dumps(key)


class Decoder:
    """A way to decode: which tags and keys may occur, and whether the encoding must be deterministic.

    Args:
        tags: the tags that may occur; each is kept as a `Tag`.
        simple_keys: the simple values that may be map keys, as SD-CWT has one.
        deterministic: demand the deterministic encoding of RFC 8949, section 4.2.1. Floating-point numbers are then
            refused unless they take eight bytes; no format read here has any.
        max_items: how many data items there may be, each entry of a map or an array, each key and each tag counted.
    """

    def __init__(
        self,
        *,
        tags: frozenset[int] = frozenset(),
        simple_keys: frozenset[Simple] = frozenset(),
        deterministic: bool = False,
        max_items: int = MAX_ITEMS,
    ) -> None:
        self._deterministic = deterministic
        self._max_items = max_items
        # Allowed tags are named among the semantic decoders, because what `tag_hook` gets is immutable (cbor2 6.3).
        options: dict[str, Any] = {
            "semantic_decoders": {n: partial(_keep if n in tags else _refuse_tag, n) for n in {*_DECODER_TAGS, *tags}},
            "tag_hook": lambda tag, immutable: _refuse_tag(tag.tag, tag.value, immutable),
            "object_hook": (_ordered_map_check if deterministic else _map_check)(simple_keys),
            "max_depth": MAX_DEPTH,
            "allow_indefinite": False,
            "allow_duplicate_keys": False,
        }
        self._load: Callable[[BytesIO], Any] = partial(cbor2.load, **options)
        self._loads: Callable[[bytes], Any] = partial(cbor2.loads, **options)

    def __call__(self, data: bytes) -> Any:
        """Return the one data item that `data` consists of.

        Maps become `dict`, arrays `list`, allowed tags `Tag`, simple values other than true, false and null `Simple`.

        Raises: DecodeError: `cbor.malformed`, `cbor.limit`, `cbor.not_deterministic`.
        Not checked: what the values mean; that floating-point numbers are finite.
        """
        if len(data) > self._max_items and _has_more(data, 0, self._max_items):
            raise _too_many(self._max_items)
        try:
            if self._deterministic:  # then encoding it again shows whether bytes follow
                value = self._loads(data)
                if cbor2.dumps(value) == data:
                    return value
            elif data.find(_MARK) < 0:
                value, end = self._loads(_PAIR + data + _END)
                if type(end) is bytes and end == _MARK:
                    return value
        except _FAULTS:
            pass  # what is wrong, the way below says
        stream = BytesIO(data)
        try:
            value = self._load(stream)
        except _FAULTS as error:
            raise _fault(data, error) from None
        if stream.tell() != len(data):
            raise DecodeError(Reason.CBOR_MALFORMED, f"{len(data) - stream.tell()} bytes follow the data item")
        if self._deterministic:
            raise DecodeError(Reason.CBOR_NOT_DETERMINISTIC, "a number or length is not in its shortest form")
        return value

    def prefix(self, data: bytes, position: int) -> tuple[Any, int]:
        """Return the data item that begins at a position, and the position after it. Raises: as a call."""
        if len(data) - position > self._max_items and _has_more(data, position, self._max_items):
            raise _too_many(self._max_items)
        stream = BytesIO(data)
        stream.seek(position)
        try:
            value, end = self._load(stream), stream.tell()
        except _FAULTS as error:
            raise _fault(data, error) from None
        if self._deterministic and cbor2.dumps(value) != data[position:end]:
            raise DecodeError(Reason.CBOR_NOT_DETERMINISTIC, "a number or length is not in its shortest form")
        return value, end


def _keep(number: int, value: Any, _immutable: bool) -> Tag:  # noqa: FBT001 - cbor2's signature
    return Tag(number, value)


def _refuse_tag(number: int, _value: Any, _immutable: bool) -> Tag:  # noqa: FBT001 - cbor2's signature
    raise _Refused(Reason.CBOR_MALFORMED, f"tag {number} has no place here")


def _map_check(simple_keys: frozenset[Simple]) -> Callable[[Mapping[Any, Any], bool], Any]:
    """Return the check of every map: keys are integers, texts, or the simple values named."""

    def check(mapping: Mapping[Any, Any], immutable: bool) -> Any:  # noqa: FBT001 - cbor2's signature
        for key in mapping:  # a plain loop: for so few keys it takes half the time of set operations
            if type(key) is not str and type(key) is not int and not (type(key) is Simple and key in simple_keys):
                raise _Refused(Reason.CBOR_MALFORMED, "a map key is neither an integer nor text")
        if immutable:
            raise _Refused(Reason.CBOR_MALFORMED, "a map inside a map key")
        return mapping

    return check


def _ordered_map_check(simple_keys: frozenset[Simple]) -> Callable[[Mapping[Any, Any], bool], Any]:
    """Return the check of every map where encoding is deterministic: `_map_check`, and the order of keys.

    Credentials of one profile have few sets of keys, so those that passed are remembered, with their types.
    """
    check_keys = _map_check(simple_keys)

    def check_order(*keys: Any) -> None:
        check_keys(dict.fromkeys(keys), False)  # noqa: FBT003 - cbor2's signature
        encoded = [*map(_encoded_key, keys)]
        if encoded != sorted(encoded):
            raise _Refused(Reason.CBOR_NOT_DETERMINISTIC, "map keys are not in bytewise order")

    remembered = lru_cache(maxsize=1024, typed=True)(check_order)

    def check(mapping: Mapping[Any, Any], immutable: bool) -> Any:  # noqa: FBT001 - cbor2's signature
        (remembered if len(mapping) <= _FEW_KEYS else check_order)(*mapping)
        if immutable:
            raise _Refused(Reason.CBOR_MALFORMED, "a map inside a map key")
        return mapping

    return check


_decoder = lru_cache(maxsize=16)(Decoder)


def decode(
    data: bytes,
    *,
    tags: frozenset[int] = frozenset(),
    simple_keys: frozenset[Simple] = frozenset(),
    deterministic: bool = False,
) -> Any:
    """Return the one data item that `data` consists of: `Decoder` for a single call."""
    return _decoder(tags=tags, simple_keys=simple_keys, deterministic=deterministic)(data)


_FAULTS = (cbor2.CBORDecodeError, ValueError, OverflowError, RecursionError, MemoryError, TypeError)


def _too_many(limit: int) -> DecodeError:
    return DecodeError(Reason.CBOR_LIMIT, f"more than {limit} data items")


def _fault(data: bytes, error: Exception) -> DecodeError:
    """Return what is wrong with data that cbor2 refused."""
    if not isinstance(error, cbor2.CBORDecodeError):
        return DecodeError(Reason.CBOR_MALFORMED, f"{len(data)} bytes: {type(error).__name__}")
    cause = error.__cause__
    while cause is not None and not isinstance(cause, _Refused):
        cause = cause.__cause__
    return _malformed(data, error) if cause is None else DecodeError(cause.code, str(cause))


def _malformed(data: bytes, error: cbor2.CBORDecodeError) -> DecodeError:
    """Return the error to raise; cbor2's own message may quote a key or a value, so it is not passed on."""
    message = str(error)
    if "depth" in message:
        return DecodeError(Reason.CBOR_LIMIT, f"nested deeper than {MAX_DEPTH} levels")
    if "Duplicate" in message:
        return DecodeError(Reason.CBOR_MALFORMED, "a map key occurs twice")
    if "indefinite" in message:
        return DecodeError(Reason.CBOR_MALFORMED, "an item of indefinite length")
    if isinstance(error, cbor2.CBORDecodeEOF):
        return DecodeError(Reason.CBOR_MALFORMED, f"the data breaks off after {len(data)} bytes")
    return DecodeError(Reason.CBOR_MALFORMED, f"{len(data)} bytes are not a data item")


def _has_more(data: bytes, position: int, limit: int) -> bool:
    """Return whether the data item at a position holds more than `limit` items, itself and those inside it counted.

    Only heads are looked at, before anything is built of them: an empty array takes one byte here and 56 in memory.
    What is not well formed is left to the decoder, which does not come further than this does.
    """
    expected, count, end = 1, 0, len(data)
    while expected and position < end:
        count += 1
        if count > limit:
            return True
        major, argument = divmod(data[position], 32)
        position += 1
        if argument >= _LONG:
            size = 1 << (argument - _LONG)
            argument = int.from_bytes(data[position : position + size])
            position += size
            if size > _LONGEST:  # reserved, or of indefinite length
                return False
        expected += (0, 0, 0, 0, argument, 2 * argument, 1, 0)[major] - 1
        if major in _STRINGS:
            position += argument
    return False


_SCALARS = frozenset({int, str, bytes, bool, type(None)})


def _ordered(value: Any) -> Any:
    """Return a value with the keys of every map in it in order. Most are scalars, which are not asked what they are."""
    kind = type(value)
    if kind is list or kind is tuple:  # most are; whether one is a Mapping takes longer to ask than all else here
        return [item if type(item) in _SCALARS else _ordered(item) for item in value]
    if kind is dict or isinstance(value, Mapping):
        keys = sorted(value, key=_encoded_key)
        return {key: item if type(item := value[key]) in _SCALARS else _ordered(item) for key in keys}
    if isinstance(value, (list, tuple)):
        return [_ordered(item) for item in value]
    return Tag(value.tag, _ordered(value.value)) if isinstance(value, Tag) else value


def encode(value: Any) -> bytes:
    """Return the deterministic encoding of a value (RFC 8949, section 4.2.1): shortest forms, keys in bytewise order.

    Raises: TypeError: a value that CBOR has no form for here; floating-point numbers are not for this project.
    """
    try:
        kind = type(value)
        is_ordered = kind in _SCALARS or (kind is list and _SCALARS.issuperset(map(type, value)))
        return cbor2.dumps(value if is_ordered else _ordered(value))
    except cbor2.CBOREncodeError as error:
        raise TypeError(str(error)) from None
