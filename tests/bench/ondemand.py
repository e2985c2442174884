# The first request to a tenant that does not run: what berth adds to the tenant's own start.
import concurrent.futures
import socket

from harness import toml

import load
import workbench
from subjects import Berth
from table import Row

DELAYS = (0, 300, 1200)  # milliseconds that a tenant needs until it listens
ENDPOINTS = ("activated", "port")
CLOSED = 20_000  # connections that the kernel still remembers, as on a busy machine
AT_ONCE = 20  # cold tenants
AT_ONCE_DELAY = 300  # milliseconds


def measure(bench):
    rows = []
    for endpoint in ENDPOINTS:
        rows += one_by_one(bench, endpoint)
    rows += [at_once(bench, endpoint) for endpoint in ENDPOINTS]
    with socket.create_server(("127.0.0.1", 0)) as server:
        for _ in range(CLOSED):
            come_and_go(server)
        return rows + [after_closing(bench, endpoint) for endpoint in ENDPOINTS]


class Tenants:
    """A berth with cold tenants app@NAME that serve /NAME/. delays: milliseconds by name."""

    def __init__(self, bench, endpoint, delays):
        self.port = bench.fresh_port()
        self.records = bench.fresh_folder()
        instances = "".join(f'{toml(name)} = {{ delay = "{delay}" }}\n'
                            for name, delay in delays.items())
        units = {
            "web": f'[proxy]\nlisten = ["127.0.0.1:{self.port}"]\nuser = "proxy"\n'
                   '[proxy.health]\npath = "/"\n[proxy.log]\nformat = "none"\n',
            "app@": f"[tenant]\ncommand = {toml([bench.program('server')])}\n"
                    f'endpoint = "{endpoint}"\nvars = ["delay"]\nidle_timeout = "5m"\nhold = "30s"\n'
                    f'[process.env]\nSTART_DELAY = "${{delay}}"\n'
                    f'RECORD = "{self.records}/${{instance}}"\n',
            "apps": f"[instances.app]\n{instances}"}
        self.berth = Berth(bench, units, {"port": self.port}, f"max_starting = {AT_ONCE}\n", pinned=False)

    def first_request(self, name):
        """Nanoseconds until the reply has come."""
        with socket.create_connection(("127.0.0.1", self.port), load.TIMEOUT) as connection:
            begin = workbench.now()
            load.exchange(connection, 200, path=f"/{name}/")
            return workbench.now() - begin

    def own_time(self, name):
        """Nanoseconds from the begin of the tenant's main() until it listened."""
        begin, listening = workbench.numbers(self.records / name)
        return listening - begin


def come_and_go(server):
    """One connection that is closed by the client first, which is left in TIME_WAIT."""
    client = socket.create_connection(server.getsockname())
    accepted, _ = server.accept()
    client.close()
    accepted.close()


def one_by_one(bench, endpoint):
    return shares(bench, endpoint, {delay: Row(f"cold tenant ({endpoint}, {delay:,} ms): "
                                               "berth's share", "ms") for delay in DELAYS})


def after_closing(bench, endpoint):
    row = Row(f"cold tenant ({endpoint}, 0 ms), {CLOSED:,} in TIME_WAIT: berth's share", "ms")
    return shares(bench, endpoint, {0: row})[0]


def shares(bench, endpoint, rows):
    """Fills the rows, which are for the delays that are their keys."""
    names = {f"d{delay}-{run}": delay for run in range(bench.runs) for delay in rows}
    tenants = Tenants(bench, endpoint, names)
    with tenants.berth as berth:
        for name, delay in names.items():
            total = tenants.first_request(name)
            rows[delay].add(berth.name, (total - tenants.own_time(name)) / 1e6)
    return list(rows.values())


def at_once(bench, endpoint):
    """How much longer the slowest of many waits than its own start takes."""
    row = Row(f"{AT_ONCE} cold tenants ({endpoint}, {AT_ONCE_DELAY} ms): slowest one's share", "ms")
    names = [f"a{number}" for number in range(AT_ONCE)]
    for _ in range(bench.runs):
        tenants = Tenants(bench, endpoint, dict.fromkeys(names, AT_ONCE_DELAY))
        with tenants.berth as berth, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            totals = pool.map(tenants.first_request, names)
            row.add(berth.name, max(total - tenants.own_time(name)
                                    for total, name in zip(totals, names)) / 1e6)
    return row
