# berth beside other inits with the same services: what they cost, and how fast they start, stop, restart
# and reap. Each service prints a hundred lines, so that reading them is part of it.
import os
import signal
import time

from harness import read_text, toml

import fanout
import init_peers
import workbench
from init_peers import Services, own_pids, services_of
from subjects import Berth, Floor
from table import Row

FEW, MANY = 10, 1000
STARTED = (100, 1000)
CHAINED = (100, 1000)
STOPPED = 100
RESTARTED = 20
LINES = 100
ORPHANS = 20_000
AT_ONCE = 5_000


class BerthInit(Berth):
    """berth with Services; `log`: the [log] table of each of them."""

    has_order = keeps_up = True

    def __init__(self, bench, services, log=""):
        lines = [f"[service]\ncommand = {toml([services.command])}\nrestart = \"always\"\n"
                 f"restart_delay = \"0\"\n[process]\nenv = {toml(services.environment)}\n{log}"] * services.count
        units = {name: (f"[unit]\nrequires = [\"{needed}\"]\n" if needed else "") + text
                 for (name, needed), text in zip(services.with_needs(), lines)}
        super().__init__(bench, units, pinned=False)

    @classmethod
    def is_here(cls):
        return True


class BerthRaw(BerthInit):
    name = "berth raw"

    def __init__(self, bench, services):
        super().__init__(bench, services, '[log]\nformat = "raw"\n')


class FloorInit(Floor):
    has_order, keeps_up = False, True

    def __init__(self, bench, services):
        record, lines = services.environment["SLEEPER_FILE"], services.environment["SLEEPER_LINES"]
        super().__init__(bench, services.count, [services.command, record, lines], pinned=False)

    @classmethod
    def is_here(cls):
        return True


INITS = tuple(each for each in (BerthInit, BerthRaw, *init_peers.PEERS, FloorInit) if each.is_here())


def measure(bench):
    groups = (MemoryRows(), StartRows(), ChainRows(), RestartRows(), OrphanRows())
    for _ in range(bench.runs):
        for group in groups:
            for make in INITS:
                group.take(bench, make)
    return [row for group in groups for row in group.rows]


def running(bench, make, count, chain=False, lines=LINES):
    """The subject and the file in which its services write what they do."""
    record = bench.fresh_folder() / "record"
    return make(bench, Services(bench, count, record, lines, chain)), record


def wait_for_starts(subject, record, count):
    subject.wait_for(lambda: len(fanout.times(record, "start")) >= count, f"{count} services run")


class MemoryRows:
    """Private memory of the init and its helpers."""

    def __init__(self):
        self.few = Row(f"private memory, {FEW} services", "kB", "bare C", digits=0)
        self.each = Row(f"private memory, each of {MANY - FEW} further ones", "kB", "dinit", digits=1)
        self.rows = [self.few, self.each]

    def take(self, bench, make):
        few = self.private(bench, make, FEW)
        self.few.add(make.name, few)
        self.each.add(make.name, (self.private(bench, make, MANY) - few) / (MANY - FEW))

    @staticmethod
    def private(bench, make, count):
        subject, record = running(bench, make, count, lines=0)
        with subject:
            wait_for_starts(subject, record, count)
            time.sleep(workbench.SETTLE)
            return workbench.Memory(own_pids(subject)).private


class StartRows:
    """All at once, and the stop of all."""

    def __init__(self):
        self.starts = {count: Row(f"exec to {count:,} services running", "ms", "bare C")
                       for count in STARTED}
        self.gone = Row(f"stop of {STOPPED} services, to the end of PID 1", "ms", "bare C")
        self.told = Row(f"services of {STOPPED} that were signalled", "", digits=0)
        self.rows = [*self.starts.values(), self.gone, self.told]

    def take(self, bench, make):
        for count, row in self.starts.items():
            subject, record = running(bench, make, count)
            with subject:
                wait_for_starts(subject, record, count)
                row.add(make.name, (max(fanout.times(record, "start")) - subject.exec_time()) / 1e6)
                if count == STOPPED:
                    self.gone.add(make.name, subject.terminate() / 1e6)
                    self.told.add(make.name, len(fanout.times(record, "stop")))


class ChainRows:
    """One after the other, each needing the one before."""

    def __init__(self):
        self.by_count = {count: Row(f"exec to {count:,} services running, in a chain", "ms", "dinit")
                         for count in CHAINED}
        self.rows = list(self.by_count.values())

    def take(self, bench, make):
        if not make.has_order:
            return
        for count, row in self.by_count.items():
            subject, record = running(bench, make, count, chain=True)
            with subject:
                wait_for_starts(subject, record, count)
                row.add(make.name, (max(fanout.times(record, "start")) - subject.exec_time()) / 1e6)


class RestartRows:
    """From SIGKILL to the first instruction of the next process, each service once."""

    def __init__(self):
        self.row = Row("SIGKILL of a service to its next start", "ms", "dinit")
        self.rows = [self.row]

    def take(self, bench, make):
        if make is FloorInit:
            return
        subject, record = running(bench, make, RESTARTED)
        with subject:
            wait_for_starts(subject, record, RESTARTED)
            time.sleep(2 * workbench.SETTLE)
            for number, pid in enumerate(services_of(subject), start=1):
                begin = workbench.now()
                os.kill(pid, signal.SIGKILL)
                wait_for_starts(subject, record, RESTARTED + number)
                self.row.add(make.name, (fanout.times(record, "start")[-1] - begin) / 1e6)


class OrphanRows:
    """Orphans made as fast as possible, and many that end in one moment."""

    def __init__(self):
        self.cpu = Row(f"{ORPHANS:,} orphans: CPU of PID 1", "µs/orphan", "bare C")
        self.lag = Row(f"{AT_ONCE:,} orphans end at once: all reaped after", "ms", "bare C")
        self.rows = [self.cpu, self.lag]

    def take(self, bench, make):
        if make is BerthRaw or not make.keeps_up:
            return
        self.take_one(bench, make, [str(ORPHANS)], self.take_cpu)
        self.take_one(bench, make, [str(AT_ONCE), "at-once"], self.take_lag)

    def take_one(self, bench, make, words, take):
        record = bench.fresh_folder() / "record"
        services = Services(bench, 1, record)
        services.command = self.program(bench, words, record)
        subject = make(bench, services)
        with subject:
            subject.wait_for(lambda: workbench.numbers(record), "all orphans are reaped")
            take(make, subject, workbench.numbers(record))

    @staticmethod
    def program(bench, words, record):
        """A command without arguments, as some supervisors want it."""
        script = bench.fresh_folder() / "make-orphans"
        script.write_text(f"#!/bin/sh\nexec {bench.program('orphans')} {words[0]} {record} "
                          f"{' '.join(words[1:])}\n")
        script.chmod(0o755)
        return str(script)

    def take_cpu(self, make, subject, _):
        self.cpu.add(make.name, workbench.cpu_seconds([subject.pid]) * 1e6 / ORPHANS)

    def take_lag(self, make, _, times):
        _, made, reaped = times
        self.lag.add(make.name, (reaped - made) / 1e6)
