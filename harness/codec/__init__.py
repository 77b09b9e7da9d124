"""Plain data to bytes and back, for a channel whose other end may lie.

A message is a value in the sense of `harness.channel`. Each end of a call keeps a `Table` of the objects and the memory that
have crossed in it, numbered in the order in which they came, so that a reply can refer to what the request brought: a result
that *is* an argument, or a view of one, arrives as such, and a change made in place arrives as a change.

Nothing is pickled. Whatever is malformed, too deep or too large raises `CodecError`; decoding runs no code of the sender's.

Format: a tag byte a value, lengths and counts as LEB128, integers as text, floats as IEEE 754 little-endian. Of the memory
behind tensors and arrays, the spans that they cover go over, each byte once.
"""

from harness.codec.decoder import Decoder
from harness.codec.encoder import Encoder
from harness.codec.table import Table

__all__ = ["Decoder", "Encoder", "Table"]
