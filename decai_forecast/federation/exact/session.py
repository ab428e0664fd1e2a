"""One participant's place in a session: sealed messages to all and to one, and sums that show nothing but the sum.

Everything is a *step*: each participant gives one frame and gets one. The relay carries sealed blobs only. Every blob is
bound to its session, step, phase, sender and receiver; an altered, repeated, reordered or exchanged one does not open.

A sum: each adds its mask (see masks.py) to its numbers and sends the masked numbers, sealed, to whoever is to know the
total; that participant adds them up. Relay and strangers see ciphertext; the receiver sees numbers that are uniformly
random except in their sum.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from decai_forecast.federation.exact import frames, packed_ints
from decai_forecast.federation.exact.certificate import Certificate
from decai_forecast.federation.exact.errors import Differs, Forged, Refused, Tampered
from decai_forecast.federation.exact.frames import Blob, Frame, Meanwhile
from decai_forecast.federation.exact.keys import SHARE_BYTES, TAG_BYTES, Hello, PairKeys
from decai_forecast.federation.exact.masks import masked, masks_of_tree, parts_for
from decai_forecast.federation.exact.packed_ints import Ints
from decai_forecast.federation.exact.progress import Progress
from decai_forecast.federation.exact.roster import MIN_PARTIES, KeyRoster
from decai_forecast.federation.exact.transcript import TREE, SignedTree, Transcript
from decai_forecast.federation.gate.messages import SIGNATURE_BYTES, of_length
from decai_forecast.identity import KEY_BYTES, Identity

__all__ = ["SecureSession", "Traffic", "Wire"]

AddNoise = Callable[[str, int, Ints], Ints]
"""(phase, column, own numbers) -> what is added up in their place"""
NONCE = struct.Struct("<BBxxQ")  # sender, receiver, step: 12 bytes; a step is counted up before it is sent, so never twice
STEP = struct.Struct("<BQ")
TO_ALL = 0xFF  # in place of a receiver's rank
NO_TAG = bytes(TAG_BYTES)


class Wire(Protocol):
    """A connection to the relay. Implementations differ in the transport only; both raise ``PeerLost`` for whatever ends it."""

    def exchange(self, frame: Frame, meanwhile: Meanwhile = frames.idle) -> Frame:
        """Gives one frame and waits for the answer of the same step; does ``meanwhile`` before it waits."""

    def tell(self, body: bytes) -> None:
        """Tells the relay how far the training is; no answer."""

    def abort(self) -> None:
        """Tells the others that this participant stops, if that is still possible."""

    def close(self) -> None: ...


@dataclass
class Traffic:
    """What crossed this participant's wire since the session began."""

    steps: int = 0
    sent: int = 0  # bytes
    received: int = 0  # bytes
    waited: float = 0.0  # seconds for the others and the wire


class SecureSession:
    """A session as one participant takes part in it. Not for several threads."""

    def __init__(
        self,
        wire: Wire,
        identity: Identity,
        roster: KeyRoster,
        pinned: Mapping[str, bytes],
        session_id: bytes,
        minimum: int = MIN_PARTIES,
    ) -> None:
        """Joins; ``session_id`` is 32 bytes that name this training, the same everywhere.

        Raises :class:`Refused` before anything is sent, and :class:`Tampered` if a key is not its owner's.
        """
        roster.check(pinned, minimum)
        self.roster, self.size, self.rank = roster, roster.size, roster.rank(identity.name)
        self._wire, self.identity = wire, identity
        self.noise: AddNoise = lambda _phase, _column, numbers: numbers  # noise.py has another
        self._meanwhile: Meanwhile = frames.idle  # until there are masks to make ahead
        self.traffic, self._step, self.transcript = Traffic(), 0, Transcript(self.size, self.rank)
        self._size, self._tag_bytes = 0, TAG_BYTES * self.size  # bytes of the last step both ways; of all tags
        hello = Hello(identity, roster, session_id)
        keys = hello.keys([bytes(body) for body in self._broadcast_in_clear("hello", hello.body)])
        self._epoch, self._seals, self._masks, tags = keys.epoch, keys.seals(), keys.masks(), keys.tags()
        self._tags = [tags.get(rank) for rank in range(self.size)]  # none of the own
        self._pairs, self._tree_masks, self._trees = keys, self._masks, -1
        self._group = keys.group_seal(self._shares(keys, hello.share))
        self._meanwhile = self._masks.prepare

    def _shares(self, keys: PairKeys, own: bytes) -> list[bytes]:
        try:
            given = self.send("share", [own] * self.size)
        except Tampered as error:  # keys depend on all hellos: one that sent two of them makes honest ones' shares not open
            raise Tampered(f"{error}; or a company and the relay together sent two different hellos") from None
        given[self.rank] = own
        for rank, share in enumerate(given):
            if len(share) != SHARE_BYTES or not keys.kept_promise(rank, share):
                raise Forged(
                    f"{self.roster.names[rank]}: its share of the group's key is not what its hello promised all", rank
                )
        return given

    # steps

    def _exchange(self, op: int, phase: str, body: bytes) -> Sequence[Blob]:
        began, step = time.perf_counter(), self._step
        self._step += 1  # before it is sent: what did not arrive may have been seen, and its nonce is used up
        answer = self._wire.exchange(Frame(op, self.rank, step, body), self._meanwhile)
        traffic = self.traffic
        traffic.waited += time.perf_counter() - began
        traffic.steps += 1
        traffic.sent += frames.HEADER.size + len(body)
        blobs = frames.blobs_of(answer, self.size)
        received = sum(map(len, blobs))
        traffic.received += frames.HEADER.size + 4 * self.size + received
        self._size = len(body) + received
        self.transcript.step(STEP.pack(op, step) + phase.encode() + b"|")
        return blobs

    def _beside(self, phase: str) -> bytes:
        """What a seal covers beside nonce and blob."""
        return phase.encode() + self._epoch

    def _broadcast_in_clear(self, phase: str, blob: bytes) -> list[Blob]:
        got: list[Blob] = list(self._exchange(frames.BROADCAST, phase, blob))
        got[self.rank] = blob
        self.transcript.broadcast(got)
        return got

    def broadcast(self, phase: str, blob: bytes) -> list[bytes]:
        """Every participant's blob, in the order of ranks; the relay cannot read them, and nobody can speak as another."""
        beside, step = self._beside(phase), self._step
        nonce = NONCE.pack(self.rank, TO_ALL, step)
        sealed = self._group.encrypt(nonce, blob, beside)
        tags = [NO_TAG if tag is None else tag.encrypt(nonce, b"", sealed) for tag in self._tags]
        given = self._exchange(frames.BROADCAST, phase, b"".join([sealed, *tags]))
        out = [blob] * self.size
        for rank, tag in enumerate(self._tags):
            if tag is not None:
                out[rank] = self._opened(tag, NONCE.pack(rank, TO_ALL, step), beside, given[rank], rank)
        self.transcript.broadcast(out, self._size)
        return out

    def _opened(self, tag: AESGCM, nonce: bytes, beside: bytes, given: Blob, rank: int) -> bytes:
        """A broadcast of ``rank``: its tag for this participant must be right, then its seal is its own."""
        cut = max(len(given) - self._tag_bytes, 0)
        at, sealed = cut + TAG_BYTES * self.rank, given[:cut]
        try:
            tag.decrypt(nonce, given[at : at + TAG_BYTES], sealed)
        except InvalidTag:
            raise self._altered(rank, beside) from None
        try:
            return self._group.decrypt(nonce, sealed, beside)
        except InvalidTag:
            phase = self._phase_in(beside)
            raise Forged(f"{self.roster.names[rank]}: what it sent to all in {phase} opens for nobody", rank) from None

    def send(self, phase: str, blobs: Sequence[Blob]) -> list[bytes]:
        """``blobs[k]`` goes to rank k only; the answer holds what each sent here (the own place is empty)."""
        beside, own, step = self._beside(phase), self.rank, self._step
        sealed = [b""] * self.size
        for rank, seal in self._seals.items():
            sealed[rank] = seal.encrypt(NONCE.pack(own, rank, step), blobs[rank], beside)
        given = self._exchange(frames.SEND, phase, frames.table(sealed))
        out = [b""] * self.size
        for rank, seal in self._seals.items():
            try:
                out[rank] = seal.decrypt(NONCE.pack(rank, own, step), given[rank], beside)
            except InvalidTag:
                raise self._altered(rank, beside) from None
        self.transcript.exchanged(blobs, out, self._size)
        return out

    def _phase_in(self, beside: bytes) -> str:
        return beside[: -len(self._epoch)].decode()

    def _altered(self, rank: int, beside: bytes) -> Tampered:
        which = f"its message of step {self._step - 1} ({self._phase_in(beside)})"
        return Tampered(
            f"{self.roster.names[rank]}: {which} is not what it sealed; the relay altered, repeated or exchanged it", rank
        )

    # sums

    def begin_tree(self, number: int) -> None:
        """What is committed to from now on is masked by keys of this tree alone, each used once."""
        if number <= self._trees:
            raise Refused(f"tree {number} after tree {self._trees}: its masks were used")
        self._trees, keys = number, self._pairs.of_tree(number)
        self._tree_masks = masks_of_tree(self.rank, keys)
        self.transcript.begin_tree(b"".join([keys.get(rank, bytes(KEY_BYTES)) for rank in range(self.size)]))

    def secure_sum(self, phase: str, numbers: Ints, width: int, *, committed: bool = False) -> Ints:
        """The sum over all participants, for all of them; each word has ``width`` bytes and must hold the total.
        ``committed``: an audit of the tree can open it."""
        masks = self._tree_masks if committed else self._masks
        if committed:
            self.transcript.commit([numbers])
        own = packed_ints.to_bytes(masked(masks, self.noise(phase, 0, numbers), width), width)
        parts = self.broadcast(phase, own)
        if committed:
            self.transcript.hear([own] * self.size, parts, [(0, len(numbers))] * self.size, [width])
        return self._summed(phase, parts, width, len(numbers))

    def secure_reduce_scatter(
        self, phase: str, columns: Sequence[tuple[Ints, int]], bounds: Sequence[tuple[int, int]], *, committed: bool = False
    ) -> list[Ints]:
        """The sums of a part of each column: rank k, and nobody else, gets rows ``bounds[k]`` of all of them.

        ``columns``: numbers and bytes of their words; all of the same length. ``committed``: as of :meth:`secure_sum`.
        """
        if committed:
            self.transcript.commit([numbers for numbers, _ in columns])
        noisy = [(self.noise(phase, column, numbers), width) for column, (numbers, width) in enumerate(columns)]
        blobs = parts_for(self._tree_masks if committed else self._masks, noisy, bounds)
        parts = self.send(phase, blobs)
        parts[self.rank] = blobs[self.rank]
        widths, (low, high) = [width for _, width in columns], bounds[self.rank]
        if committed:
            self.transcript.hear(blobs, parts, bounds, widths)
        of_length(phase, self.roster.names, parts, (high - low) * sum(widths))
        return packed_ints.signed_sums(parts, widths, high - low)

    def _summed(self, phase: str, parts: Sequence[bytes], width: int, count: int) -> Ints:
        return packed_ints.signed_sum(of_length(phase, self.roster.names, parts, count * width), width)

    def tell(self, trees: int, of: int, loss: float) -> None:
        """One participant, the first of the roster, tells the relay how far all are."""
        if self.rank == 0:
            self._wire.tell(Progress(trees, of, loss, self.traffic.sent, self.traffic.received).pack())

    # agreement

    def agree(self, phase: str, digest: bytes) -> None:
        """:class:`Differs`, naming them, unless all hold the same ``digest``."""
        given = of_length(phase, self.roster.names, self.broadcast(phase, digest), len(digest))
        if other := [rank for rank, theirs in enumerate(given) if theirs != digest]:
            names = ", ".join(self.roster.names[rank] for rank in other)
            one = other[0] if len(other) == 1 else None
            raise Differs(f"{phase}: {names} and {self.identity.name} do not hold the same", one)

    def sign_off(self) -> SignedTree:
        """All sign what they broadcast and sent since the last time, each its own; :class:`Forged` names who signed something
        else than what was received here. What was signed can be shown to others afterwards."""
        own, views = self.transcript.statement(self.rank), self.transcript.views()
        given = self.broadcast("sign", own + self.identity.sign(TREE, self._epoch + own))
        for rank, blob in enumerate(of_length("sign", self.roster.names, given, len(own) + SIGNATURE_BYTES)):
            if rank == self.rank:
                continue
            statement, signature = blob[: len(own)], blob[len(own) :]
            self.roster.verify(rank, TREE, self._epoch + statement, signature)
            if not self.transcript.agrees(views[rank], statement):
                raise Forged(
                    f"{self.roster.names[rank]}: signed something else than what it sent to {self.identity.name}", rank
                )
        self.transcript.turn()
        return SignedTree(self._epoch, tuple(given))

    def certify(self, subject: str, model: bytes) -> Certificate:
        """All sign what everybody saw, what the model is of and its digest; raises if one saw or holds something else."""
        transcript, roster = self.transcript.transcript(), self.roster.digest
        self.agree("transcript", transcript + model)
        unsigned = Certificate(subject, self.roster.names, roster, self._epoch, transcript, model, ())
        own = self.identity.sign("certificate", unsigned.statement)
        signatures = of_length("certificate", self.roster.names, self.broadcast("certificate", own), SIGNATURE_BYTES)
        signed = replace(unsigned, signatures=tuple(signatures))
        signed.verify(self.roster)
        return signed
