# Many units at once: how long until the last one runs, and until all are stopped, beside the floor.
from harness import read_text

import deployments
import workbench
from subjects import Berth, Floor
from table import Row

STARTED = (100, 1000)
STOPPED = 100


def measure(bench):
    starts = {count: Row(f"exec to {count:,} units running", "ms", "bare C") for count in STARTED}
    signalled = Row(f"SIGTERM to {STOPPED} units signalled", "ms", "bare C")
    gone = Row(f"SIGTERM to the end of {STOPPED} units and PID 1", "ms", "bare C")
    for _ in range(bench.runs):
        for count, row in starts.items():
            for make in (berth_with, floor_with):
                record = bench.fresh_folder() / "record"
                with make(bench, count, record) as subject:
                    subject.wait_for(lambda: len(times(record, "start")) == count,
                                     f"{count} units run")
                    row.add(subject.name, (max(times(record, "start")) - subject.exec_time()) / 1e6)
                    if count == STOPPED:
                        stop(subject, record, signalled, gone)
    return [*starts.values(), signalled, gone]


def berth_with(bench, count, record):
    return Berth(bench, deployments.sleepers(bench, count, record), pinned=False)


def floor_with(bench, count, record):
    return Floor(bench, count, [bench.program("sleeper"), str(record)], pinned=False)


def stop(subject, record, signalled, gone):
    begin = workbench.now()
    gone.add(subject.name, subject.terminate() / 1e6)
    signalled.add(subject.name, (max(times(record, "stop")) - begin) / 1e6)


def times(record, what):
    """When sleepers did this, in nanoseconds, in the order of their lines."""
    lines = (line.split() for line in read_text(record).splitlines())
    return [int(line[1]) for line in lines if len(line) == 2 and line[0] == what]
