"""Run the command line as ``python -m sadtalker_ext``."""

import sys

from sadtalker_ext.shells.cli import main

sys.exit(main())
