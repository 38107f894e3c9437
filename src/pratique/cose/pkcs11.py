"""A signer whose private key is in a security module: PKCS #11 (OASIS, version 2.40 and 3.x), through python-pkcs11.

The key never leaves the module: its handle is found, and hashes or messages go in. Every signature is checked with the
public key before it goes out, so that a faulty module, or a public key that is another key's, shows here and not at
a border.

python-pkcs11 is the extra `hsm`, imported when a module is opened. It initialises a module without leave for more than
one thread at a time (C_Initialize without arguments, PKCS #11 3.0 section 5.4.1), so that all calls go through one
lock. A login counts for the whole process (C_Login): signers of one token share its session, and the last one that is
closed logs out.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Self

from pratique.cose import _pkcs11_objects, algorithms
from pratique.cose.pkcs11_uri import Pkcs11Uri
from pratique.errors import KeyMaterialError, UnsupportedError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from pratique.cose._pkcs11_objects import Mechanism
    from pratique.cose.algorithms import Algorithm
    from pratique.cose.keys import PublicKey

_WRONG_PIN: Final = frozenset(
    {"PinIncorrect", "PinInvalid", "PinLenRange", "PinLocked", "PinExpired", "UserPinNotInitialized"}
)
_GONE: Final = frozenset(
    {
        "DeviceError",
        "DeviceRemoved",
        "KeyHandleInvalid",
        "ObjectHandleInvalid",
        "SessionClosed",
        "SessionHandleInvalid",
        "SlotIDInvalid",
        "TokenNotPresent",
        "UserNotLoggedIn",
    }
)
"""What a module answers once token, session or login are no more; names of python-pkcs11 for the CKR_ values."""
_Slot = tuple[int, str, int]
"""A slot with a token: process, path of the library, number. A process that was forked must not use the parent's."""


@dataclass(slots=True, eq=False)
class _Login:
    """A session on a token that is logged in, how many signers use it, and one of their keys."""

    session: Any
    users: int = 0
    key: Any = None


_LOCK: Final = Lock()
_LOGINS: Final[dict[_Slot, _Login]] = {}


class Pkcs11Signer:
    """A signer whose private key is in a token of a security module. Made by `open`; closed, or a context manager.

    It may be used by many threads, which take turns, and for any number of signatures. It holds no PIN: once the
    module has lost the session, it stays unusable, and `open` makes a new one.
    """

    __slots__ = ("_algorithm", "_key", "_key_id", "_login", "_mechanism", "_public_key", "_slot")

    def __init__(  # noqa: PLR0913 - what `open` found
        self,
        slot: _Slot,
        login: _Login,
        key: Any,
        mechanism: Mechanism,
        *,
        public_key: PublicKey,
        algorithm: Algorithm,
        key_id: bytes,
    ) -> None:
        self._slot = slot
        self._login: _Login | None = login
        self._key = key
        self._mechanism = mechanism
        self._public_key = public_key
        self._algorithm = algorithm
        self._key_id = key_id

    @classmethod
    def open(
        cls,
        uri: str | Pkcs11Uri,
        *,
        pin: bytes | None = None,
        algorithm: Algorithm | None = None,
        key_id: bytes | None = None,
        public_key: PublicKey | None = None,
    ) -> Self:
        """Return the signer for the one key that a PKCS #11 URI names.

        `pin` is the user's, in UTF-8; without one, a token that has a key pad of its own asks there. `algorithm` is
        ESP256, ESP384 or Ed25519 by the key's type where none is given. `key_id` is the first 8 bytes of the public
        key's thumbprint where none is given. `public_key` is for tokens that hold neither the public key nor
        a certificate with it under the private key's CKA_ID. The file that the URI names for the PIN is not read.

        A second signer of a token in one process does not log in again, and its PIN is not looked at.

        Raises: UnsupportedError: `pkcs11.not_installed`. KeyMaterialError: `pkcs11.uri_invalid`, `module_unusable`,
            `token_not_found`, `pin_refused`, `key_not_found` (none, or several); `key.unsupported`, `key.unsuitable`:
            a key of another type, for another algorithm, or that may not sign.
        """
        place = Pkcs11Uri.parse(uri) if isinstance(uri, str) else uri
        pkcs11 = _library()
        with _LOCK, _mapped(pkcs11, Reason.PKCS11_MODULE):
            token = _token(pkcs11, place)
            slot = (os.getpid(), place.module_path, token.slot.slot_id)
            login, key = _found(pkcs11, token, slot, place, pin)
            try:
                if public_key is None:
                    public_key = _pkcs11_objects.public_key(pkcs11, login.session, key)
                chosen = algorithm or public_key.default_algorithm
                mechanism = _pkcs11_objects.mechanism(pkcs11, token, key, public_key, chosen)
            except BaseException:
                _leave(pkcs11, slot, login)
                raise
        named = public_key.key_id if key_id is None else bytes(key_id)
        return cls(slot, login, key, mechanism, public_key=public_key, algorithm=chosen, key_id=named)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Pkcs11Signer({self._algorithm.name}, key_id={self._key_id.hex()})"

    @property
    def algorithm(self) -> Algorithm:
        """Return the algorithm that its signatures have."""
        return self._algorithm

    @property
    def key_id(self) -> bytes:
        """Return the identifier that it was given, or the key's own."""
        return self._key_id

    @property
    def public_key(self) -> PublicKey:
        """Return the public key, for trust lists."""
        return self._public_key

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the signature in COSE's form over exactly these bytes; it holds under the public key.

        Raises: KeyMaterialError: `pkcs11.session_lost`: the token was taken out, the module restarted, or the process
            is a fork of the one that opened it; `pkcs11.signing_refused`: the module answered with an error, or with
            what is not this key's signature. ValueError: the signer is closed.
        """
        pkcs11 = _library()
        if self._slot[0] != os.getpid():  # before the lock, which another thread may have held when this one was forked
            raise KeyMaterialError(
                Reason.PKCS11_SESSION, "the key was opened in another process", hint="open it in the one that signs"
            )
        hashed, number = self._mechanism
        data = to_be_signed if hashed is None else hashed(to_be_signed).digest()
        with _LOCK, _mapped(pkcs11, Reason.PKCS11_SIGNING):
            if self._login is None:
                raise ValueError("the signer is closed")
            try:
                signature: bytes = self._key.sign(data, mechanism=number)
            except pkcs11.PKCS11Error as error:
                if type(error).__name__ in _GONE and _LOGINS.get(self._slot) is self._login:
                    del _LOGINS[self._slot]  # so that `open` logs in anew
                raise
        if not algorithms.verify(self._algorithm, self._public_key, signature, to_be_signed):
            raise KeyMaterialError(
                Reason.PKCS11_SIGNING,
                f"what the module answered, {len(signature)} bytes, is no {self._algorithm.name} signature by the "
                "public key",
                hint="see that the public key or certificate in the token belongs to the private key",
            )
        return signature

    def close(self) -> None:
        """Give the session back; the last signer of a token logs out. A second time does nothing."""
        if self._slot[0] != os.getpid():
            return
        with _LOCK:
            login, self._login = self._login, None
            if login is not None:
                _leave(_library(), self._slot, login)


def _library() -> ModuleType:
    """Return python-pkcs11. Raises: UnsupportedError: `pkcs11.not_installed`."""
    try:
        import pkcs11  # noqa: PLC0415 - an extra, for those who have a security module
    except ImportError:
        raise UnsupportedError(
            Reason.PKCS11_ABSENT, "python-pkcs11 cannot be imported", hint="pip install 'pratique[hsm]'"
        ) from None
    library: ModuleType = pkcs11
    return library


def _token(pkcs11: ModuleType, place: Pkcs11Uri) -> Any:
    """Return the one token that is named. Raises: KeyMaterialError: `pkcs11.module_unusable`, `token_not_found`."""
    try:
        library = pkcs11.lib(place.module_path)
    except pkcs11.PKCS11Error as error:
        raise KeyMaterialError(Reason.PKCS11_MODULE, str(error)) from None  # the path, and why it cannot be loaded
    names = (place.token, place.serial, place.manufacturer, place.model)
    found = [
        token
        for token in library.get_tokens()
        if all(
            name in (None, own)
            for name, own in zip(
                names,
                (token.label, token.serial.decode("utf-8", "replace"), token.manufacturer_id, token.model),
                strict=True,
            )
        )
    ]
    if len(found) != 1:
        raise KeyMaterialError(
            Reason.PKCS11_TOKEN,
            "the module has no token of that name" if not found else f"the module has {len(found)} tokens of that name",
            hint="see pkcs11-tool --list-token-slots" if not found else "name it by its serial as well",
        )
    return found[0]


def _found(pkcs11: ModuleType, token: Any, slot: _Slot, place: Pkcs11Uri, pin: bytes | None) -> tuple[_Login, Any]:
    """Return the login to the token, one user more, and the private key."""
    login = _LOGINS.get(slot)
    if login is None or not _is_alive(pkcs11, login):
        login = _LOGINS[slot] = _Login(_session(pkcs11, token, pin))
    login.users += 1
    try:
        key = _pkcs11_objects.private_key(pkcs11, login.session, place)
    except BaseException:
        _leave(pkcs11, slot, login)
        raise
    login.key = key
    return login, key


def _is_alive(pkcs11: ModuleType, login: _Login) -> bool:
    """Return whether the module still knows a session, which nobody may have used since it was lost."""
    try:
        login.key[pkcs11.Attribute.CLASS]
    except pkcs11.PKCS11Error as error:
        if type(error).__name__ in _GONE:
            return False
        raise
    return True


def _session(pkcs11: ModuleType, token: Any, pin: bytes | None) -> Any:
    """Return a session, logged in where the token asks for it. Raises: KeyMaterialError: `pkcs11.pin_refused`."""
    user: Any = None
    if pin is not None:
        try:
            user = pin.decode()
        except UnicodeDecodeError:
            raise KeyMaterialError(Reason.PKCS11_PIN, "the PIN is not UTF-8") from None
    elif token.flags & pkcs11.TokenFlag.LOGIN_REQUIRED:
        if not token.flags & pkcs11.TokenFlag.PROTECTED_AUTHENTICATION_PATH:
            raise KeyMaterialError(
                Reason.PKCS11_PIN,
                "the token asks for a PIN, and none was given",
                hint="on the command line: --password-file, or pin-source in the URI",
            )
        user = pkcs11.types.PROTECTED_AUTH
    try:
        return token.open(user_pin=user)
    except pkcs11.UserAlreadyLoggedIn:
        return token.open()  # by somebody else in this process, who will log out


def _leave(pkcs11: ModuleType, slot: _Slot, login: _Login) -> None:
    """Give a session back, and log out where nobody uses it any more; one that is lost has nothing to give back."""
    login.users -= 1
    if login.users == 0:
        if _LOGINS.get(slot) is login:
            del _LOGINS[slot]
        with contextlib.suppress(pkcs11.PKCS11Error):
            login.session.close()


@contextlib.contextmanager
def _mapped(pkcs11: ModuleType, otherwise: Reason) -> Iterator[None]:
    """Map the errors of python-pkcs11: its name of the code that the module answered is all that is told."""
    try:
        yield
    except pkcs11.PKCS11Error as error:
        name = type(error).__name__
        code = Reason.PKCS11_PIN if name in _WRONG_PIN else Reason.PKCS11_SESSION if name in _GONE else otherwise
        raise KeyMaterialError(code, f"the module answered {name}") from None
