"""`python -m ivsim` is the command `ivsim`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
