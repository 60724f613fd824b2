"""Run the agent by ``python -m mooring.agent``."""

import sys

from mooring.agent.main import main

if __name__ == "__main__":
    sys.exit(main())
