"""Files that are replaced whole, or not at all, whatever happens in between."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace(path: Path, content: bytes | bytearray) -> None:
    """Put a file in the place of another, so that a crash at any moment leaves one of the two.

    The content is on the disk when this returns. What a crash leaves behind ends with `.tmp` and can be deleted.
    Raises: OSError.
    """
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """See that new names in a folder are on the disk, where the system can do that. Raises: OSError."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
