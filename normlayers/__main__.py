"""``python -m normlayers``: what can be run on files."""

import io
import sys

from normlayers.diagnosis.command_line import main

if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        # An output of another encoding shows "?" where it has no such character.
        sys.stdout.reconfigure(errors="replace")
    sys.exit(main())
