# Orphans, made as fast as a process can: how far PID 1 lags behind, beside the bare reaper.
from harness import toml

import workbench
from subjects import Berth, Floor
from table import Row

ORPHANS = 20_000


def measure(bench):
    rows = {"made": Row(f"{ORPHANS:,} orphans: all made after", "ms", "bare C", digits=0),
            "lag": Row(f"{ORPHANS:,} orphans: all reaped, after the last was made", "ms", "bare C"),
            "cpu": Row(f"{ORPHANS:,} orphans: CPU of PID 1", "µs/orphan", "bare C")}
    for _ in range(bench.runs):
        for make in (berth_with, floor_with):
            record = bench.fresh_folder() / "record"
            take(make(bench, [bench.program("orphans"), str(ORPHANS), str(record)]), record, rows)
    return list(rows.values())


def berth_with(bench, command):
    return Berth(bench, {"orphans": f"[service]\ncommand = {toml(command)}\n"}, pinned=False)


def floor_with(bench, command):
    return Floor(bench, 1, command, pinned=False)


def take(subject, record, rows):
    with subject:
        subject.wait_for(lambda: workbench.numbers(record), "all orphans are reaped")
        begin, made, reaped = workbench.numbers(record)
        rows["made"].add(subject.name, (made - begin) / 1e6)
        rows["lag"].add(subject.name, (reaped - made) / 1e6)
        rows["cpu"].add(subject.name, workbench.cpu_seconds([subject.pid]) * 1e6 / ORPHANS)
