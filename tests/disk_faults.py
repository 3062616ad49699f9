"""A fault at the k-th operation of some work on the disk: an audit hook and wrappers see them all.

The work runs in a child process, forked from one that has imported and read all that it needs.
"""

import errno
import io
import os
import sys
from functools import partial

from pipeline import writing
from pipeline.errors import PipelineError

CRASHED = 9
DISK_EVENTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod"}


def run_with_fault(work, fault: str, at: int = 0) -> int:
    """Run some work in a child, with a fault at its operation number `at` on the disk; return its exit code.

    With the fault ``count``, return the number of operations instead.
    """
    child = os.fork()
    if child == 0:
        os._exit(_run_in_child(work, fault, at))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run_in_child(work, fault: str, at: int) -> int:
    seen = 0

    def happens(event: str) -> None:
        nonlocal seen
        frees_space = event in ("os.remove", "os.rmdir", "os.rename", "os.chmod")
        if fault in ("ENOSPC", "ENOSPC once") and frees_space:
            return
        seen += 1
        if fault == "crash" and seen == at:
            os._exit(CRASHED)
        if fault == "interrupt" and seen == at:
            raise KeyboardInterrupt
        if (fault in ("EIO", "ENOSPC once") and seen == at) or (fault == "ENOSPC" and seen >= at):
            number = getattr(errno, fault.split(maxsplit=1)[0])
            raise OSError(number, os.strerror(number))

    def hook(event: str, arguments: tuple) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        swaps = event == "ctypes.dlsym" and fault in ("crash", "count")
        if writes or swaps or event in DISK_EVENTS:
            happens(event)

    os.fsync = lambda descriptor: happens("fsync")
    writing.create_private = partial(_told_of_writes, writing.create_private, happens)
    sys.addaudithook(hook)
    try:
        work()
    except PipelineError as error:
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BaseException:  # noqa: BLE001 (whatever it is, the parent has to hear of it)
        return 70
    return seen if fault == "count" else 0


class _TellsOfWrites(io.RawIOBase):
    """A file that tells before each write to it."""

    def __init__(self, file, happens):
        super().__init__()
        self._file, self._happens = file, happens

    def writable(self):
        return True

    def write(self, content):
        self._happens("write")
        return self._file.write(content)

    def tell(self):
        return self._file.tell()

    def close(self):
        if not self.closed:
            self._file.close()
        super().close()


def _told_of_writes(create, happens, path):
    return _TellsOfWrites(create(path), happens)


def expected_code(fault: str) -> int:
    return {"crash": CRASHED, "interrupt": 130}.get(fault, 74)
