"""How strong a spec is: mutants of the reference, each of which it should reject. `kata mutate` is the command."""
