"""Run the agent by ``python -m mooring.agent``."""

import sys

from mooring.agent.main import main

sys.exit(main())
