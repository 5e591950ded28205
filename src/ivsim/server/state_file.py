"""The file of a server's state: loaded when it starts, and at most a second old while it serves."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ..core import archive

if TYPE_CHECKING:
    from ..emulator import Emulator

_log = logging.getLogger("ivsim.server")

_SECOND = 0.8
"""The age in seconds that the file may reach; the rest of a second is for an event loop that is late."""


class StateFile:
    """The file in which an emulator is kept, by one server at a time.

    When it is made, the emulator loads the file, and writes it, so one that cannot be read or written is known at once.
    Whoever was connected to a chat room when the file was written is not any more. Raises
    UnreadableState for a file that cannot be loaded, which stays as it is; OSError, with a text that names the file,
    for one that cannot be read or written, or that another server keeps.
    """

    def __init__(self, emulator: Emulator, path: str | os.PathLike[str]) -> None:
        self._emulator = emulator
        self._path = Path(os.path.realpath(path))
        self._temporary = self._path.with_name(f".{self._path.name}.new")
        self._lock = FileLock(self._path.with_name(f".{self._path.name}.lock"), thread_local=False)
        self._writing = threading.RLock()
        self._written: object = None
        self._is_failing = self._is_slow = self._is_closed = False
        try:
            self._begin()
        except BaseException as error:
            self._lock.release()
            if isinstance(error, OSError):
                raise OSError(f"cannot keep the state in {os.fspath(path)}: {error.strerror or error}") from None
            raise

    async def write_changes(self) -> None:
        """Write each change, until cancelled. While a file cannot be written, it is tried again and again.

        The event loop is held for as long as it takes to copy lists of records; the rest is done by another thread.
        """
        while True:
            began = perf_counter()
            version = self._emulator.version
            if version != self._written:
                await asyncio.to_thread(self._try, version, self._emulator.saved())
            took = perf_counter() - began
            if took > _SECOND / 2 and not self._is_slow:
                self._is_slow = True
                _log.warning("saving the state takes %.1f s, so the file is up to %.1f s old", took, 2 * took)
            await asyncio.sleep(max(_SECOND - 2 * took, 0))

    def close(self) -> None:
        """Write the last changes, and release the file; a second call does nothing.

        Raises OSError and ValueError as saving does.
        """
        with self._writing:
            version = self._emulator.version
            try:
                if version != self._written:
                    self._write(version, self._emulator.saved())
            finally:
                self._is_closed = True
                self._lock.release()

    def _begin(self) -> None:
        if not self._path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"there is no directory {self._path.parent}")
        if os.path.lexists(self._path) and not self._path.is_file():  # to read a pipe is to wait for ever
            raise OSError(errno.EINVAL, "it is not a regular file")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise OSError(errno.EBUSY, "another server keeps its state there") from None
        if self._path.exists():
            self._emulator.load(self._path)
            self._emulator.chat.close_all()
        self._write(self._emulator.version, self._emulator.saved())

    def _try(self, version: object, pieces: Iterator[bytes]) -> None:
        try:
            self._write(version, pieces)
        except Exception as error:  # noqa: BLE001 - whatever it is, it may pass
            if not self._is_failing:
                is_ours = not isinstance(error, (OSError, ValueError))
                _log.error("the state could not be saved: %s: %s; trying again", self._path, error, exc_info=is_ours)
            self._is_failing = True
        else:
            if self._is_failing:
                _log.warning("the state is saved again: %s", self._path)
            self._is_failing = False

    def _write(self, version: object, pieces: Iterator[bytes]) -> None:
        with self._writing:
            if not self._is_closed:  # or it is late, and another server has the file
                archive.write(self._path, pieces, self._temporary)
                self._written = version
