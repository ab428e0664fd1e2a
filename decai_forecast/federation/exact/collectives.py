"""LightGBM's own distributed learner, with its collectives carried by a :class:`SecureSession`.

``LGBM_NetworkInitWithFunctions`` takes two callbacks. What LightGBM asks them for in one tree, and what is done:

=======  ==========================  ==========================================  ==============================
phase    LightGBM calls              with                                        on the wire
=======  ==========================  ==========================================  ==============================
root     allgather, 24 bytes         own rows' count, gradient and hessian sums  a secure sum
hist     reduce_scatter, 16 x bins   own histogram of the smaller child          masked, each block to its owner
split    allgather, 444 bytes        best splits in the own block, of sums       a sealed broadcast
=======  ==========================  ==========================================  ==============================

root comes once, then hist and split in turn. Anything else is denied: nothing is sent, the tree is ended with answers made
up here, and the training raises. An exception must never pass through C++, so callbacks keep it for later.

The network belongs to the calling thread: install, make the booster, update and uninstall on one.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import Denied, Refused
from decai_forecast.federation.exact.fixed_point import Column, Format
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.federation.gate.shares import Share
from decai_forecast.federation.gate.splits import CATEGORIES, HEAD, NO_SPLIT, SPLIT, Limits, SplitGate
from decai_forecast.federation.gate.sums import HistogramGate

__all__ = ["ALLGATHER", "ENTRY_BYTES", "LIGHTGBM", "REDUCE_SCATTER", "ROOT", "Collectives", "check_library", "ending"]

LIGHTGBM = "4.7.0"  # order, sizes and layout of the collectives are internal to LightGBM: tested for this version only
ROOT_BYTES = 24  # std::tuple<int, double, double>, last element first: hessian f64, gradient f64, count i32, padding
ROOT = struct.Struct("<ddi4x")
COUNT = Column(0, 2**40)
ENTRY_BYTES = 16  # of a bin: gradient and hessian
FIRST_HISTOGRAM = 2  # of the calls in a tree: of all its rows
BEGINNING = NO_SPLIT[:20]  # feature, left, right, gain: what LightGBM reads of a record without a split
SPLIT_BYTES = 2 * SPLIT.size  # two SplitInfo

_I32P = ctypes.POINTER(ctypes.c_int32)
REDUCE_SCATTER = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.c_int32,
    ctypes.c_int,
    _I32P,
    _I32P,
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_int32,
    ctypes.c_void_p,
)
ALLGATHER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, _I32P, _I32P, ctypes.c_int, ctypes.c_void_p, ctypes.c_int32)


def check_library() -> None:
    """:class:`Refused` unless this is the LightGBM whose collectives are known."""
    import lightgbm

    if lightgbm.__version__ != LIGHTGBM:
        raise Refused(f"LightGBM {lightgbm.__version__}: exact training knows {LIGHTGBM} only; install that version")


class Collectives:
    """Carries the collectives of one thread's LightGBM; use as a context manager around boosters and their updates."""

    def __init__(self, session: SecureSession, form: Format, limits: Limits, slope: float, slack: float = 0.0) -> None:
        """``limits``: of what others may send; ``slope``: a row's largest gradient, in hessians;
        ``slack``: what rounding adds to a sum of gradients."""
        self._session, self._form, self._coded = session, form, limits.coded
        self._splits = SplitGate(session.roster.names, session.rank, limits)
        self._sums = HistogramGate(limits.gradient, limits.hessian, slope, limits.rows, limits.noisy, slack)
        self._phase, self._error = "idle", None  # type: str, BaseException | None
        self._share = Share({}, ())
        self.calls = 0
        self._kept = (REDUCE_SCATTER(self._reduce_scatter), ALLGATHER(self._allgather))  # C holds no reference

    def __enter__(self) -> Collectives:
        from lightgbm.basic import _LIB, _safe_call

        check_library()
        pointers = [ctypes.cast(function, ctypes.c_void_p) for function in self._kept]
        _safe_call(_LIB.LGBM_NetworkInitWithFunctions(self._session.size, self._session.rank, *pointers))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        from lightgbm.basic import _LIB, _safe_call

        _safe_call(_LIB.LGBM_NetworkFree())

    def begin_tree(self, number: int, share: Share) -> None:
        """``share``: who speaks for which feature in this tree."""
        self._session.begin_tree(number)
        self._phase, self.calls, self._share = "root", 0, share
        self._splits.begin_tree(share.owners)

    def end_tree(self) -> None:
        """Raises what went wrong inside the callbacks; :class:`Denied` if LightGBM trained alone."""
        self._phase = "idle"
        if self._error is not None:
            raise self._error
        if self.calls < 3:
            raise Denied("LightGBM trained a tree without its collectives: it would be of the own rows only")

    # callbacks

    def _reduce_scatter(
        self, given: int, size: int, unit: int, starts: Any, lengths: Any, blocks: int, out: int, _size: int, _reducer: int
    ) -> None:
        rank = self._session.rank
        try:
            if self._error is None:
                self._expect(
                    "hist", unit == 8 and size % 16 == 0 and blocks == self._session.size, f"a reduce_scatter of {size} bytes"
                )
                bounds = [(starts[k] // ENTRY_BYTES, (starts[k] + lengths[k]) // ENTRY_BYTES) for k in range(blocks)]
                self._as_shared(bounds)
                columns = self._form.to_ints(_histogram_at(given, size))
                first = self.calls == FIRST_HISTOGRAM
                sums = self._session.secure_reduce_scatter("hist", columns, bounds, committed=first)
                found = _histogram_at(out, lengths[rank])
                self._form.to_floats(sums, found)
                self._sums.bins(found)
                self._phase = "split"
                return
        except BaseException as error:  # kept for end_tree: it must not pass through C++
            self._error = error
        ctypes.memmove(out, given + starts[rank], lengths[rank])

    def _allgather(self, given: int, size: int, starts: Any, lengths: Any, blocks: int, out: int, _size: int) -> None:
        mine = ctypes.string_at(given, size)
        try:
            if self._error is None:
                answers = self._root(mine) if self._phase == "root" else self._split(mine)
                if len(answers) != blocks or any(len(answer) != lengths[k] for k, answer in enumerate(answers)):
                    raise Denied(f"{len(answers)} answers do not fit LightGBM's {blocks} blocks")
                _write(answers, starts, out)
                return
        except BaseException as error:  # kept for end_tree: it must not pass through C++
            self._error = error
        _write([ending(mine, lengths[k]) for k in range(blocks)], starts, out)

    def _root(self, mine: bytes) -> list[bytes]:
        """LightGBM adds the blocks up by itself: it gets the total and zeros."""
        self._expect("root", len(mine) == ROOT_BYTES, f"an allgather of {len(mine)} bytes")
        hessian, gradient, count = ROOT.unpack(mine)
        columns = (self._form.hessian, self._form.gradient, COUNT)
        numbers = [column.to_ints(np.array([value])) for column, value in zip(columns, (hessian, gradient, count), strict=True)]
        own = np.concatenate(numbers)
        sums = self._session.secure_sum("root", own, 8, committed=True)
        values = [float(column.to_floats(sums[[k]])[0]) for k, column in enumerate(columns)]
        self._sums.root(values[1], values[0], int(values[2]))
        self._phase = "hist"
        return [ROOT.pack(values[0], values[1], int(values[2]))] + [bytes(ROOT_BYTES)] * (self._session.size - 1)

    def _split(self, mine: bytes) -> list[bytes]:
        self._expect("split", len(mine) == SPLIT_BYTES, f"an allgather of {len(mine)} bytes")
        half = SPLIT_BYTES // 2
        splits = b"".join([_only_sums(one, self._coded) for one in (mine[:half], mine[half:])])
        self._phase = "hist"
        return list(self._splits.checked(self._session.broadcast("split", splits)))

    def _as_shared(self, bounds: Sequence[tuple[int, int]]) -> None:
        if tuple([high - low for low, high in bounds]) != self._share.bins:
            raise Denied("LightGBM shares the features of a tree out otherwise than is known of it; nothing was sent")

    def _expect(self, phase: str, fits: bool, what: str) -> None:
        if self._phase != phase or not fits:
            raise Denied(f"LightGBM asked for {what} in phase {self._phase}: no rule allows it, nothing was sent")
        self.calls += 1


def _only_sums(split: bytes, coded: frozenset[int]) -> bytes:
    """The split with what LightGBM wrote of it, all computed from sums, and zeros in place of what its buffer held before."""
    head = HEAD.unpack_from(split)
    feature, gain, categories = head[0], head[3], head[-1]
    if feature < 0 or not gain > 0:  # LightGBM splits nothing without a gain, and names a feature all the same
        return NO_SPLIT
    if categories and not (feature in coded and 0 < categories <= CATEGORIES):
        raise Denied(f"LightGBM split feature {feature} by {categories} categories: no rule allows it, nothing was sent")
    bins = split[HEAD.size : HEAD.size + 4 * categories]
    return (HEAD.pack(*head) + bins).ljust(SPLIT.size, b"\0")


@lru_cache(4)
def _histogram_at(address: int, size: int) -> npt.NDArray[np.float64]:
    """Bins x (gradient, hessian). A view of LightGBM's buffer, which is the same one throughout a tree: it is looked at while
    LightGBM waits for the answer, and never after."""
    return np.frombuffer(memoryview((ctypes.c_double * (size // 8)).from_address(address))).reshape(-1, 2)


def _write(answers: list[bytes], starts: Any, out: int) -> None:
    for k, answer in enumerate(answers):
        ctypes.memmove(out + starts[k], answer, len(answer))


def ending(mine: bytes, size: int) -> bytes:
    """An answer that ends the tree without a word to anybody: no split anywhere."""
    if len(mine) != size:
        return bytes(size)
    if size != SPLIT_BYTES:
        return mine
    half = size // 2
    return b"".join(BEGINNING + part[len(BEGINNING) :] for part in (mine[:half], mine[half:]))
