"""`python -m ivsim` is the command `ivsim`."""

import sys

from .cli.main import main

sys.exit(main())
