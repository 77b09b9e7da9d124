"""Does to right answers what `harness.distortions` names.

`walk` looks into nested results, `values` makes wrong values of right ones, `calls` makes them wrong depending on the
call, `places` finds what a call changes in place, and `wrapping` puts all that around functions, classes and what they
return.
"""

from harness.distorting.wrapping import WAYS, distort

__all__ = ["WAYS", "distort"]
