"""`python -m ivsim` is the command `ivsim`."""

import sys

from .cli import main

sys.exit(main())
