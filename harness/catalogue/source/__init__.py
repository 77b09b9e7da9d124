"""Reads and writes Python source: markers, stubs, definitions, fingerprints, signatures."""
