"""`python -m bpinvert` is the command `bpinvert`."""

import sys

from bpinvert.cli import main

if __name__ == "__main__":
    sys.exit(main())
