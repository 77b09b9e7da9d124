"""Does to right answers what `harness.mutation.outputs.names` names.

`walk` looks into nested results, `values` makes wrong values of right ones, `calls` makes them wrong depending on the
call, `places` finds what a call changes in place, and `wrapping` puts all that around functions, classes and what they
return. Nothing is imported here: `names` is asked by commands that do without torch.
"""
