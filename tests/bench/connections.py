# Memory of the proxy for connections that are open and silent.
import time

import load
import proxies
import workbench
from table import Row

IDLE, TUNNELS = 5000, 1000
WARM_UP = 32  # connections that come and go first, so that code which is paged in does not count


def measure(bench):
    idle = Row(f"{IDLE:,} idle keep-alive connections", "bytes each", "haproxy", digits=0)
    tunnels = Row(f"{TUNNELS:,} idle WebSocket tunnels", "bytes each", "haproxy", digits=0)
    for _ in range(bench.runs):
        for make in proxies.ALL:
            grow(bench, make, idle, IDLE)
            grow(bench, make, tunnels, TUNNELS, expected=101, fields=load.UPGRADE)
    return [idle, tunnels]


def grow(bench, make, row, count, **request):
    """Adds what `count` connections cost a fresh proxy; the kernel's buffers are not in it."""
    with make(bench, pinned=False) as subject:
        with load.held(subject.port, WARM_UP, **request):
            pass
        before = settled(subject)
        with load.held(subject.port, count, **request):
            row.add(subject.name, (settled(subject) - before) * 1024 / count)


def settled(subject):
    time.sleep(workbench.SETTLE)
    return workbench.Memory(subject.proxy_pids()).private
