# Requests through the proxy: rate, processor time and latency, beside nginx and HAProxy.
import load
import proxies
from table import Row

SECONDS = 3  # of one turn
CONNECTIONS = (1, 32, 256)


def rows_for(connections):
    what = f"200-byte reply, {connections} connection{'s' if connections > 1 else ''}"
    return {"cpu": Row(f"{what}: CPU", "µs/request", "haproxy"),
            "per_second": Row(f"{what}: rate", "requests/s", "haproxy", digits=0),
            "p50": Row(f"{what}: median latency", "µs", "haproxy", digits=0),
            "p99": Row(f"{what}: 99th percentile", "µs", "haproxy", digits=0)}


def measure(bench):
    """One worker each on the first processor; wrk and the backend on the last."""
    rows = {connections: rows_for(connections) for connections in CONNECTIONS}
    with proxies.together(bench) as subjects:
        for subject in subjects:
            load.wrk(subject, max(CONNECTIONS), 1)  # so that everything is warm
        for _ in range(bench.runs):
            for connections, row in rows.items():
                for subject in subjects:
                    turn(subject, connections, row)
    return [row for group in rows.values() for row in group.values()]


def turn(subject, connections, rows):
    done = load.wrk(subject, connections, SECONDS)
    rows["cpu"].add(subject.name, done.cpu * 1e6 / done.requests)
    rows["per_second"].add(subject.name, done.per_second)
    rows["p50"].add(subject.name, done.p50)
    rows["p99"].add(subject.name, done.p99)
