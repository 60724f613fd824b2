"""A program that records and then forwards for ever; its test kills it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.fakes.clock import FakeClock
from tests.gateway.scenes import a_recorder

from mooring.wire.payloads import PayloadType


def main(spool: Path) -> None:
    """Put numbered lines on file, and only then on the standard output."""
    recorder = a_recorder(spool, FakeClock(), segment_bytes=100_000)
    number = 0
    while True:
        line = b"line %d \xe2\x98\x83\r\n" % number
        recorder.output(number, PayloadType.OUTPUT, line)
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))
