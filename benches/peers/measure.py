"""What both peers print: seconds per step, peak memory, control totals."""

import json
import resource
import sys
import time
from contextlib import contextmanager
from decimal import Decimal


class Steps:
    """Seconds per named step: on the clock, and of processor time (which a busy machine disturbs less)."""

    def __init__(self):
        self.seconds, self.cpu_seconds = {}, {}

    @contextmanager
    def step(self, name):
        """Times one step; the same name twice adds up."""
        clock, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - clock
        self.cpu_seconds[name] = self.cpu_seconds.get(name, 0.0) + time.process_time() - cpu

    def report(self, engine, version, formulation, totals):
        """Prints the one JSON line the runner reads. Totals are taken after the clock stops."""
        json.dump(
            {
                "engine": engine,
                "version": version,
                "formulation": formulation,
                "steps": {name: round(value, 3) for name, value in self.seconds.items()},
                "cpu_steps": {name: round(value, 3) for name, value in self.cpu_seconds.items()},
                "seconds": round(sum(self.seconds.values()), 3),
                # Kilobytes on Linux. Taken before the totals are queried, which are no part of the job.
                "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
                "totals": {name: plain(value) for name, value in totals().items()},
            },
            sys.stdout,
        )
        print()


def plain(value):
    """Counts as integers, money as text with all its digits."""
    if isinstance(value, Decimal):
        return str(value.normalize() + 0) if value != value.to_integral_value() else str(int(value))
    return value
