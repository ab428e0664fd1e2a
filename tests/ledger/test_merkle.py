"""RFC 6962: roots that others published, and every proof of small trees, held and broken."""

from __future__ import annotations

import pytest

from decai_forecast.ledger.formats.merkle import (
    EMPTY_ROOT,
    hashes_of,
    is_consistent,
    is_included,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
)

WORDS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ENTRIES = [bytes.fromhex(text) for text in WORDS]
ROOTS = [  # of the first 0, 1, ... of these entries (transparency-dev/merkle, testonly)
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 64
LEAVES = [leaf_hash(b"%d" % number) for number in range(MOST)]
HASH_OF = hashes_of(LEAVES)
ROOT = [root_of(LEAVES[:size]) for size in range(MOST + 1)]


def test_roots_are_those_that_others_publish() -> None:
    """Of eight known entries, from the empty tree on."""
    assert [root_of([leaf_hash(entry) for entry in ENTRIES[:size]]).hex() for size in range(9)] == ROOTS


def test_every_range_has_the_hash_of_its_own_tree() -> None:
    """Also those that do not begin at 0."""
    assert all(HASH_OF(0, size) == ROOT[size] for size in range(MOST + 1))
    assert HASH_OF(32, 45) == root_of(LEAVES[32:45])


def test_every_inclusion_proof_holds_and_no_other() -> None:
    """Of every entry of every tree of up to 64; not for another entry, place, root, or a longer or shorter proof."""
    for size in range(1, MOST + 1):
        for index in range(size):
            leaf, proof, root = LEAVES[index], prove_inclusion(index, size, HASH_OF), ROOT[size]
            assert is_included(leaf, index, size, proof, root)
            assert not is_included(leaf_hash(b"x"), index, size, proof, root)
            assert not is_included(leaf, index, size, proof, EMPTY_ROOT)
            assert not is_included(leaf, index, size, [*proof, root], root)
            assert not proof or not is_included(leaf, index, size, proof[:-1], root)
            assert not is_included(leaf, index + size, size, proof, root)
            assert size == 1 or not is_included(leaf, (index + 1) % size, size, proof, root)


def test_every_consistency_proof_holds_and_no_other() -> None:
    """Between all sizes up to 64."""
    for size in range(1, MOST + 1):
        for old in range(size + 1):
            proof = prove_consistency(old, size, HASH_OF)
            assert is_consistent(old, size, proof, ROOT[old], ROOT[size])
            assert not is_consistent(old, size, [*proof, ROOT[size]], ROOT[old], ROOT[size])
            assert not is_consistent(old, size, proof, leaf_hash(b"x"), ROOT[size])
            assert not proof or not is_consistent(old, size, proof[:-1], ROOT[old], ROOT[size])
            assert old == 0 or not is_consistent(old, size, proof, ROOT[old], leaf_hash(b"x"))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3)])
def test_an_entry_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    """And no proof is made of a tree that is smaller than before."""
    with pytest.raises(ValueError, match="is not in a tree"):
        prove_inclusion(index, size, HASH_OF)
    with pytest.raises(ValueError, match="does not extend"):
        prove_consistency(size + 1, size, HASH_OF)
    assert not is_consistent(size + 1, size, [], ROOT[1], ROOT[1])
