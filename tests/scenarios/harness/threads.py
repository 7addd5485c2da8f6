"""The threads of a running program, and how to make one of them hang: stopped as a debugger stops it, while the others go
on."""

import ctypes
import os
import threading
from pathlib import Path

_SEIZE, _INTERRUPT = 0x4206, 0x4207  # sys/ptrace.h
_WAIT_FOR_ANY_KIND = 0x40000000      # __WALL

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def _ptrace(request, thread):
    if _libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), f"ptrace of thread {thread}")


def threads_of(pid):
    """Thread id -> name; the first one of the program under "main"."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        found[int(task.name)] = "main" if int(task.name) == pid else (task / "comm").read_text().strip()
    return found


def hang(pid, thread):
    """That thread of our child does nothing from now on, until the whole process ends."""
    _ptrace(_SEIZE, thread)
    _ptrace(_INTERRUPT, thread)
    os.waitpid(thread, _WAIT_FOR_ANY_KIND)
    if thread != pid:  # whoever stopped it must see its end, or the process is never gone
        threading.Thread(target=_see_its_end, args=[thread], daemon=True).start()


def _see_its_end(thread):
    try:
        os.waitpid(thread, _WAIT_FOR_ANY_KIND)
    except ChildProcessError:
        pass
