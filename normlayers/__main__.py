"""``python -m normlayers``: what can be run on files."""

import sys

from normlayers.diagnosis.command_line import main

if __name__ == "__main__":
    sys.exit(main())
