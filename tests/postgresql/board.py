# SPDX-License-Identifier: Apache-2.0
"""board.py: the history of all calls, as board.h describes it, and the checker of histories.

A history is right if
  - nothing acknowledged is lost: a key whose C_CreateObject gave CKR_OK, and whose end has not begun, is there;
  - nothing ended is used: no use, and no search, that began after the end of a key was acknowledged finds the key;
  - nothing refused was done: a change that gave an error has left nothing;
  - no counter is accepted twice.
A call whose host was killed may have been done, or not.
"""
import ctypes
import mmap

HOSTS, KEYS, STREAMS, COUNTERS = 8, 131072, 4, 1 << 20
BY_DESTROY, BY_DISABLE = 1, 2
OK, DEVICE_ERROR = 0, 0x30
SILENT = 60 * 10**9  # after so long without an answer, a change may have been made in spite of its error


class Key(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("make_begin", "make_end", "make_rv", "gone_begin", "gone_end", "gone_rv", "gone_by",
        "used", "used_host", "found", "missed", "refused", "refused_rv")] + [("rest", ctypes.c_uint64 * 3)]


class Host(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("started", "logged_in", "worked", "failed", "uses", "changes", "marks", "failures",
        "strange", "strange_rv")] + [("rest", ctypes.c_uint64 * 6)]


class Board(ctypes.Structure):
    _fields_ = [("stop", ctypes.c_uint64), ("seed", ctypes.c_uint64), ("keys", ctypes.c_uint64), ("rest", ctypes.c_uint64 * 13),
        ("host", Host * HOSTS), ("head", ctypes.c_uint64 * STREAMS), ("more", ctypes.c_uint64 * 12), ("key", Key * KEYS),
        ("accepted", (ctypes.c_uint8 * COUNTERS) * STREAMS)]


def make_board(path, seed):
    """Make the file of a board, and return the board, which is the file's own memory."""
    with open(path, "w+b") as f:
        f.truncate(ctypes.sizeof(Board))
        board = Board.from_buffer(mmap.mmap(f.fileno(), ctypes.sizeof(Board)))
    board.seed = seed
    return board


def acknowledged(end, rv):
    return end != 0 and rv == OK


def refused(begin, end, rv):
    """Return true if the call gave an error, after less time than a silent server takes to make the outcome unknown."""
    return end != 0 and rv != OK and end - begin < SILENT


def ms(late, early):
    return "%.3f ms" % ((late - early) / 1e6)


def check_key(number, key):
    """Yield what is wrong with the history of a key while the hosts ran."""
    made = acknowledged(key.make_end, key.make_rv)
    gone = acknowledged(key.gone_end, key.gone_rv)
    how = "destroyed" if key.gone_by == BY_DESTROY else "disabled"
    if gone and key.used > key.gone_end:
        yield f"K{number} was {how}, and host {key.used_host} used it in a call that began {ms(key.used, key.gone_end)} afterwards"
    if gone and key.gone_by == BY_DESTROY and key.found > key.gone_end:
        yield f"K{number} was destroyed, and was found by a search that began {ms(key.found, key.gone_end)} afterwards"
    # A miss has an end after make_end, and is wrong if it ended before the end of the key began.
    for what, end in (("missed by a search", key.missed), ("refused with 0x%x" % key.refused_rv, key.refused)):
        if made and end and (key.gone_begin == 0 or end < key.gone_begin):
            yield f"K{number} was there, and was {what} that ended {ms(end, key.make_end)} after its acknowledgement"


def check_counters(board):
    for stream in range(STREAMS):
        accepted = bytes(board.accepted[stream])
        for counter, times in enumerate(accepted) if max(accepted) > 1 else ():
            if times > 1:
                yield f"window {stream} accepted counter {counter} {times} times"


def check_running(board):
    """Return what is wrong with the history so far. Hosts may be running."""
    wrong = []
    for number in range(min(board.keys, KEYS)):
        wrong.extend(check_key(number, board.key[number]))
    return wrong + list(check_counters(board))


def check_end(board, labels, usable):
    """Return what is wrong with the token when all is over. LABELS are those of all keys in it, and USABLE those that can be used."""
    wrong = []
    for number in range(min(board.keys, KEYS)):
        key, label = board.key[number], f"K{number}"
        there = labels.count(label)
        made = acknowledged(key.make_end, key.make_rv)
        destroyed = key.gone_by == BY_DESTROY
        if there > 1:
            wrong.append(f"{label} is there {there} times")
        if refused(key.make_begin, key.make_end, key.make_rv) and there:
            wrong.append(f"{label} is there, and its creation gave 0x{key.make_rv:x}")
        if made and not there and not (key.gone_begin and destroyed and not refused(key.gone_begin, key.gone_end, key.gone_rv)):
            wrong.append(f"{label} was acknowledged and is lost")
        if made and there and acknowledged(key.gone_end, key.gone_rv):
            if destroyed:
                wrong.append(f"{label} was destroyed and is there")
            elif label in usable:
                wrong.append(f"{label} was disabled and can be used")
        if made and there and refused(key.gone_begin, key.gone_end, key.gone_rv) and label not in usable:
            wrong.append(f"{label} cannot be used, and its end gave 0x{key.gone_rv:x}")
        if made and there and key.gone_begin == 0 and label not in usable:
            wrong.append(f"{label} cannot be used")
    return wrong
