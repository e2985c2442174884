# Large replies through the proxy: processor time and rate.
import load
import proxies
from table import Row

SECONDS = 3  # of one turn
CONNECTIONS = 4
MEGABYTES = 10  # of a reply: server.c's kBig


def measure(bench):
    cpu = Row(f"{MEGABYTES} MB replies: CPU", "µs/MB", "haproxy", digits=0)
    rate = Row(f"{MEGABYTES} MB replies: rate", "MB/s", "haproxy", digits=0)
    with proxies.together(bench) as subjects:
        for _ in range(bench.runs):
            for subject in subjects:
                done = load.wrk(subject, CONNECTIONS, SECONDS, "/big")
                cpu.add(subject.name, done.cpu * 1e6 / (done.requests * MEGABYTES))
                rate.add(subject.name, done.per_second * MEGABYTES)
    return [cpu, rate]
