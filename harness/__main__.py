"""`python -m harness` is `kata`."""

import sys

from harness.cli import main

if __name__ == "__main__":  # pragma: no branch
    sys.exit(main())
