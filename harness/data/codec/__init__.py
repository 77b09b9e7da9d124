"""Plain data to bytes and back, for a channel whose other end may lie.

A message is a value in the sense of `harness.data.crossing`. Each end of a call keeps a `Table` of the objects and the
memory that have crossed in it, numbered in the order in which they came, so that a reply can refer to what the request
brought: a result that *is* an argument, or a view of one, arrives as such, and a change made in place arrives as a
change (`harness.data.codec.changes`).

Nothing is pickled. Whatever is malformed, too deep or too large raises `CodecError`; decoding runs no code of the
sender's.

Format: of the memory behind tensors and arrays, the spans that they cover, each byte once; then the value, a tag byte
each, with lengths and counts as LEB128, integers in two's complement and floats in IEEE 754, little-endian.
"""

from harness.data.codec.decoder import Decoder
from harness.data.codec.encoder import Encoder
from harness.data.codec.table import Table

__all__ = ["Decoder", "Encoder", "Table"]
