"""Signed notes, checkpoints, keys, receipts and policies: the examples of their specifications, and what is none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from decai_forecast.ledger.formats.checkpoint import Checkpoint, number
from decai_forecast.ledger.formats.keys import SignatureKind, VerifierKey
from decai_forecast.ledger.formats.merkle import leaf_hash, root_of
from decai_forecast.ledger.formats.note import Note, SignatureLine
from decai_forecast.ledger.formats.policy import Policy
from decai_forecast.ledger.formats.receipt import Receipt
from decai_forecast.ledger.formats.tiles import ENTRIES as BUNDLES
from decai_forecast.ledger.formats.tiles import LARGEST_ENTRY, Tile, bundle_of, entries_of, hash_tiles, is_log_file

FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
WORDS = b"one two three four five six seven eit nain ten ileven twelf threeten fourten fivten".split()
TESSERA_CHECKPOINT = """example.com/log/testdata
15
rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=

— example.com/log/testdata M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6zdkdIQzd/fmwlM/dlPWF74ewI=
"""
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
CHECKPOINT = Checkpoint("o/log", 3, leaf_hash(b"r"))


def vkey(name: str, key: Ed25519PrivateKey, kind: SignatureKind) -> VerifierKey:
    return VerifierKey(name, kind, key.public_key().public_bytes_raw())


LOG, WITNESS = vkey("o/log", KEY, SignatureKind.NOTE), vkey("o/w", OTHER, SignatureKind.COSIGNATURE)


def test_the_note_of_the_specification_holds() -> None:
    """C2SP signed-note, "Example"; with one letter changed it does not."""
    note = Note.parse(EXAMPLE.encode())
    assert [one.key for one in note.verified([VerifierKey.parse(FOO)])] == [VerifierKey.parse(FOO)]
    assert note.to_bytes() == EXAMPLE.encode()
    assert str(VerifierKey.parse(FOO)) == FOO
    with pytest.raises(ValueError, match="does not hold"):
        Note.parse(EXAMPLE.replace("example message", "example massage").encode()).verified([VerifierKey.parse(FOO)])


def test_a_checkpoint_of_another_log_holds() -> None:
    """A log of fifteen entries that transparency-dev/tessera ships: its signature, and its root from its entries."""
    note = Note.parse(TESSERA_CHECKPOINT.encode())
    assert note.verified([VerifierKey.parse(TESSERA)])
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/log/testdata", 15)
    assert checkpoint.root == root_of([leaf_hash(word) for word in WORDS])
    assert checkpoint.text == note.text


def test_a_text_may_have_empty_lines() -> None:
    """The last one divides text and signatures."""
    note = Note("one\n\ntwo\n").signed("o/log", KEY)
    assert Note.parse(note.to_bytes()) == note
    assert note.verified([LOG])


def test_a_cosignature_has_its_time_and_none_without_it() -> None:
    """And it is no signature of a note, nor one at another time."""
    note = CHECKPOINT.note().signed("o/log", KEY)
    line = note.cosignature("o/w", OTHER, 1_700_000_000)
    both = note.with_lines([line, line])
    assert len(both.lines) == 2
    assert {(one.key, one.time) for one in both.verified([LOG, WITNESS])} == {(LOG, None), (WITNESS, 1_700_000_000)}
    later = SignatureLine(line.name, line.key_id, b"\0" * 7 + b"\1" + line.signature[8:])
    for wrong in (later, SignatureLine(line.name, line.key_id, line.signature[:8])):
        with pytest.raises(ValueError, match=r"cosignature|hold"):
            note.with_lines([wrong]).verified([WITNESS])


def test_signatures_of_unknown_keys_are_left_out() -> None:
    """Also where the name is a known one."""
    note = Note("text\n").signed("o/log", OTHER)
    assert note.verified([LOG]) == []


MALFORMED = [
    b"", b"text\n", b"text\n\n", b"text\n\nno dash\n", "text\n\n— name AAAA\n".encode(), "text\n\n— na+me AAAAAAAA\n".encode(),
    "text\n\n— name AAAAAAB\n".encode(), "text\n\n— name AAAAAAAB".encode(), "te\txt\n\n— name AAAAAAAB\n".encode(),
    "text\n\n— name  AAAAAAAB\n".encode(), b"\xff\n\n", "text\n\n— name AAAA AAAB\n".encode(),
    ("text\n\n" + "— name AAAAAAAB\n" * 301).encode(), b"x" * 100_001,
]  # fmt: skip


@pytest.mark.parametrize("data", MALFORMED)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    """By a ValueError, which says what was expected."""
    with pytest.raises(ValueError, match=r"\S"):
        Note.parse(data)


@pytest.mark.parametrize(
    "text", ["", "a\n1\n", "a\n01\nAAAA\n", "a\n1\nAAAA\n", "\n1\nAAAA\n", "a\n-1\nAAAA\n", "a\n1\nAAAA", "a\n٣\nAAAA\n"]
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    """Leading zeroes, foreign digits, a short root."""
    with pytest.raises(ValueError, match=r"\S"):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "text", ["a", "a+b", FOO.replace("530d903a", "530d903b"), FOO.replace("AekyeRrm", "AukyeRrm"), FOO[:-4]]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    """Another id, a kind that is not known here, too few bytes."""
    with pytest.raises(ValueError, match=r"\S"):
        VerifierKey.parse(text)


def test_numbers_have_one_text() -> None:
    """And are below 2**63."""
    assert number("0") == 0
    assert number(str(2**63 - 1)) == 2**63 - 1
    for text in ("00", "+1", "1 ", "", str(2**63), "1_0"):
        with pytest.raises(ValueError, match="is no number"):
            number(text)


def test_a_receipt_comes_back_as_it_was() -> None:
    """With and without extra data, and it holds for its entry only."""
    leaves = [leaf_hash(word) for word in (b"a", b"b", b"c")]
    note = Checkpoint("o/log", 3, root_of(leaves)).note().signed("o/log", KEY)
    for extra in (None, b"", b"more"):
        receipt = Receipt(2, (root_of(leaves[:2]),), note, extra)
        assert Receipt.parse(receipt.to_bytes()) == receipt
    assert receipt.holds_for(b"c")
    assert not receipt.holds_for(b"a")
    assert not Receipt(1, receipt.proof, note).holds_for(b"c")


@pytest.mark.parametrize("change", ["tlog-proof@v2", "index 02", "index x", "indx 2"])
def test_what_is_no_receipt_is_refused(change: str) -> None:
    """A header of another version, an index that is none, too many hashes."""
    data = Receipt(2, (b"h" * 32,), CHECKPOINT.note().signed("o/log", KEY)).to_bytes()
    before = "tlog-proof@v1" if "proof" in change else "index 2"
    with pytest.raises(ValueError, match=r"\S"):
        Receipt.parse(data.replace(before.encode(), change.encode()))
    with pytest.raises(ValueError, match="63"):
        Receipt.parse(Receipt(2, (b"h" * 32,) * 64, CHECKPOINT.note().signed("o/log", KEY)).to_bytes())


def names(count: int) -> list[tuple[str, VerifierKey]]:
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at in range(1, count + 1)]
    return [(f"w{at}", vkey(f"o/w{at}", key, SignatureKind.COSIGNATURE)) for at, key in enumerate(keys)]


def policy_text(*rules: str) -> bytes:
    lines = [f"log {LOG} https://log.example", "# a remark", " ", *(f"witness\t{name} {key}" for name, key in names(4)), *rules]
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.parametrize(
    ("rules", "enough"),
    [
        (("quorum none",), "|0|01|0123"), (("quorum w1",), "1|01|0123"), (("group g all w0 w1", "quorum g"), "01|0123"),
        (("group g any w0 w1", "quorum g"), "0|1|01|02|0123"), (("group g 2 w0 w1 w2", "quorum g"), "01|02|0123"),
        (("group a any w0 w1", "group b all w2 w3", "group c all a b", "quorum c"), "0123"),
    ],
)  # fmt: skip
def test_a_quorum_is_what_its_policy_says(rules: tuple[str, ...], enough: str) -> None:
    """Groups of groups, numbers, any, all, none."""
    policy = Policy.parse(policy_text(*rules))
    assert Policy.parse(policy.to_bytes()) == policy
    for signers in ("", "0", "1", "01", "02", "3", "0123"):
        note = CHECKPOINT.note().signed("o/log", KEY)
        keys = [Ed25519PrivateKey.from_private_bytes(bytes([int(at) + 1]) * 32) for at in signers]
        lines = [note.cosignature(f"o/w{at}", key, 5) for at, key in zip(signers, keys, strict=True)]
        expected = signers in enough.split("|") if rules != ("quorum none",) else True
        assert policy.judge(note.with_lines(lines)).enough is expected, (rules, signers)


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ((), "one line that begins with quorum"), (("quorum g",), "no witness or group"),
        (("quorum none", "quorum none"), "once"),
        (("group g 3 w0 w1", "quorum g"), "from 1 to all"), (("group g 0 w0", "quorum g"), "from 1 to all"),
        (("group g any",), "members"),
        (("group g any w0", "group h any w0", "quorum g"), "in a group already"),
        (("group none any w0",), "is taken"),
        (("group g any h", "group h any w0"), "lines above"), ((f"witness x {LOG}",), "for signatures of kind"),
        ((f"log {LOG}",), "there twice"), (("hello",), "is none of"),
        (("witness",), "is taken"), (("group g any w0 w0",), "already"),
        (("log",), "expected a verifier key"), (("quorum a\x01",), "control characters"),
    ],
)  # fmt: skip
def test_a_policy_that_is_none_is_refused_with_its_line(rules: tuple[str, ...], why: str) -> None:
    """What was wrong, and in which line."""
    with pytest.raises(ValueError, match=why):
        Policy.parse(policy_text(*rules))


def test_a_policy_believes_no_other_log() -> None:
    """Nor one that did not sign; one bad signature of a known key spoils the note."""
    policy = Policy.parse(policy_text("quorum none"))
    with pytest.raises(ValueError, match="has no log"):
        policy.judge(Checkpoint("x", 3, leaf_hash(b"r")).note().signed("x", KEY))
    with pytest.raises(ValueError, match="did not sign"):
        policy.judge(CHECKPOINT.note().signed("o/log", OTHER))
    wrong = SignatureLine("o/log", LOG.id, b"s" * 64)
    with pytest.raises(ValueError, match="does not hold"):
        policy.judge(Note(CHECKPOINT.text, (wrong,)))
    with pytest.raises(ValueError, match="no entries"):
        policy.judge(Checkpoint("o/log", 0, leaf_hash(b"r")).note().signed("o/log", KEY))


def test_tiles_lie_where_the_specification_says() -> None:
    """Its examples: index 1,234,067, and a tree of 70,000 entries."""
    assert Tile(0, 1_234_067).path == "tile/0/x001/x234/067"
    assert Tile(BUNDLES, 5, 17).path == "tile/entries/005.p/17"
    tiles = list(hash_tiles(70_000))
    assert (len(tiles), [tile.width for tile in tiles if tile.width < 256]) == (277, [112, 17, 1])
    assert [tile.path for tile in hash_tiles(256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert all(is_log_file(tile.path) for tile in tiles)


@pytest.mark.parametrize(
    "name", ["", "tile/8/000", "tile/0/0", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/../000", "tile/00/000", "key"]
)
def test_other_names_are_no_files_of_a_log(name: str) -> None:
    """Nothing leads out of it."""
    assert not is_log_file(name)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_bundles_come_back_as_they_were(entries: list[bytes]) -> None:
    """Cut anywhere within an entry they are none."""
    data = bundle_of(entries)
    assert entries_of(data) == entries
    if entries and entries[-1]:
        with pytest.raises(ValueError, match="ends within"):
            entries_of(data[:-1])


def test_an_entry_has_at_most_65535_bytes() -> None:
    """Its length has two bytes."""
    assert entries_of(bundle_of([b"x" * LARGEST_ENTRY])) == [b"x" * LARGEST_ENTRY]
    with pytest.raises(ValueError, match="65,536 bytes"):
        bundle_of([b"x" * (LARGEST_ENTRY + 1)])


@given(st.binary(max_size=200))
def test_parsers_raise_nothing_but_value_errors(data: bytes) -> None:
    """Whatever comes."""
    for parse in (Note.parse, Receipt.parse, Policy.parse, entries_of):
        try:
            parse(data)
        except ValueError:
            continue


@given(st.integers(0, len(TESSERA_CHECKPOINT.encode()) - 1), st.integers(1, 255))
def test_a_changed_byte_never_counts_as_signed(place: int, change: int) -> None:
    """Anywhere in the note: it is refused, or nobody that is known has signed it."""
    data = bytearray(TESSERA_CHECKPOINT.encode())
    data[place] ^= change
    with suppress(ValueError):
        assert Note.parse(bytes(data)).verified([VerifierKey.parse(TESSERA)]) == []
