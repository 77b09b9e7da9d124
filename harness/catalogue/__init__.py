"""Which katas there are: read from packs, with their lessons, stubs, specs and requirements."""
