"""Run every bench and print its figures; ends with 1 when a budget is missed."""

import subprocess
import sys

BENCHES = ("shell", "relay", "idle", "store", "door", "decision", "who")


def main() -> int:
    """Run each in a process of its own: one leaves its memory and its affinity to no other."""
    code = 0
    for name in BENCHES:
        print(f"-- {name}", flush=True)
        code |= subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    return code


if __name__ == "__main__":
    sys.exit(main())
