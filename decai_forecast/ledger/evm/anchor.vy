# pragma version 0.4.3
# @title Checkpoints of a log, by whoever deployed this contract, each larger than the one before

keeper: public(immutable(address))
size: public(uint64)
roots: public(HashMap[uint64, bytes32])

event Anchored:
    size: indexed(uint64)
    root: bytes32


@deploy
def __init__():
    keeper = msg.sender


@external
def anchor(size: uint64, root: bytes32):
    assert msg.sender == keeper, "not the keeper"
    assert size > self.size, "not larger"
    self.size = size
    self.roots[size] = root
    log Anchored(size=size, root=root)
