# Memory of PID 1 and of the proxy: idle, and after a load, beside nginx, HAProxy and the bare reaper.
import time

import deployments
import load
import proxies
import workbench
from subjects import Berth, Floor
from table import Row

SERVICES = 10
LOAD = 100_000  # requests


def kilobytes(what, against=""):
    return Row(what, "kB", against, digits=0)


def measure(bench):
    services, tenants, peers = ServiceRows(), TenantRows(), (proxies.Haproxy, proxies.Nginx)
    for _ in range(bench.runs):
        with Berth(bench, deployments.sleepers(bench, SERVICES, "/dev/null"), pinned=False) as berth:
            services.take(berth)
        sleeper = [bench.program("sleeper"), "/dev/null"]
        with Floor(bench, SERVICES, sleeper, pinned=False) as floor:
            services.take(floor)
        with showcase(bench) as berth:
            tenants.take(berth)
        for make in peers:
            with make(bench) as peer:
                tenants.take(peer)
        for subject in showcase(bench), *(make(bench) for make in peers):
            tenants.take_alone(subject)
    return services.rows() + tenants.rows()


def showcase(bench):
    port = bench.fresh_port()
    units = deployments.showcase(bench, port, deployments.TENANTS, ["true"])
    return Berth(bench, units, {"port": port, "path": deployments.BACKEND})


class ServiceRows:
    def __init__(self):
        self.private = kilobytes(f"PID 1, {SERVICES} services: private", "bare C")
        self.pss = kilobytes(f"PID 1, {SERVICES} services: PSS", "bare C")

    def take(self, subject):
        time.sleep(workbench.SETTLE)
        now = workbench.Memory([subject.pid])
        self.private.add(subject.name, now.private)
        self.pss.add(subject.name, now.pss)

    def rows(self):
        return [self.private, self.pss]


class TenantRows:
    """The proxies before and after the load; berth's together with PID 1 and the tenants."""

    MOMENTS = ("idle", f"after {LOAD:,} requests")

    def __init__(self):
        with_tenants = f"{deployments.TENANTS} cold tenants, "
        self.pid1 = [kilobytes(f"{with_tenants}{moment}: PID 1 private") for moment in self.MOMENTS]
        self.proxy = [kilobytes(f"{with_tenants}{moment}: proxy private", "haproxy")
                      for moment in self.MOMENTS]
        self.pss = [kilobytes(f"{with_tenants}{moment}: PID 1 + proxy PSS", "haproxy")
                    for moment in self.MOMENTS]
        self.alone = kilobytes(f"{with_tenants}idle, libraries mapped by nobody else: "
                               "PID 1 + proxy PSS", "haproxy")

    def take(self, subject):
        self.look(subject, 0)
        load.send_requests(subject, LOAD, deployments.BACKEND)
        self.look(subject, 1)

    def look(self, subject, moment):
        time.sleep(workbench.SETTLE)
        if isinstance(subject, Berth):
            self.pid1[moment].add(subject.name, workbench.Memory([subject.pid]).private)
        self.proxy[moment].add(subject.name, workbench.Memory(subject.proxy_pids()).private)
        self.pss[moment].add(subject.name, workbench.Memory(subject.all_pids()).pss)

    def take_alone(self, subject):
        subject.alone = True
        with subject:
            time.sleep(workbench.SETTLE)
            self.alone.add(subject.name, workbench.Memory(subject.all_pids()).pss)

    def rows(self):
        return [*self.pid1, *self.proxy, *self.pss, self.alone]
