# From the exec of berth to the first answer, which is the maintenance page.
import deployments
import proxies
import workbench
from subjects import Berth
from table import Row

BOOTS = 9
TENANTS = (deployments.TENANTS, 1000)


def measure(bench):
    rows = {count: Row(f"exec to first answer, {count:,} tenants configured", "ms", "haproxy")
            for count in TENANTS}
    for _ in range(BOOTS):
        for count, row in rows.items():
            time_of(maintained(bench, count), row)
        for make in (proxies.Haproxy, proxies.Nginx):
            time_of(make(bench, pinned=False), rows[deployments.TENANTS])
    return list(rows.values())


def maintained(bench, tenants):
    """A berth whose initialization job never ends."""
    port = bench.fresh_port()
    job = [bench.program("sleeper"), "/dev/null"]
    page = {"port": port, "status": 503, "path": deployments.TENANT}
    return Berth(bench, deployments.showcase(bench, port, tenants, job), page, pinned=False)


def time_of(subject, row):
    with subject:
        row.add(subject.name, (subject.answered - subject.exec_time()) / 1e6)
