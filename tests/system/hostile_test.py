# Hostile requests to berth, nginx and HAProxy, each in front of the same kind of upstream.
import unittest

from harness import HERE
from hostile import CASES, HAPROXY, NGINX, Peer, Witness, ask, canonical_requests
from proxied import TenantTest

TABLE = HERE / "hostile.table"
SERVERS = ("berth", "nginx", "haproxy")

# Where berth answers what one of the others refuses; berth-proxy(8) says why.
DISAGREEMENTS = {"coding behind a tab", "an absolute target"}


def read_table():
    """By case, what each server says."""
    rows = {}
    for line in TABLE.read_text().splitlines():
        if not line.startswith("#"):
            name, *cells = (cell.strip() for cell in line.split("|"))
            rows[name] = dict(zip(SERVERS, cells, strict=True))
    return rows


def is_refused(cell):
    """502 and 504 are the upstream's, which waits for what was hidden from it, or not."""
    return cell.split()[0] not in ("200", "502", "504")


class Hostile(TenantTest):
    def setUp(self):
        super().setUp()
        self.table = read_table()
        self.maxDiff = None

    def check(self, server, peer):
        """What a server makes of that which it should have refused, varies: only that it does not."""
        found = {case.name: ask(peer.port, case.data) for case in CASES}

        for name, cells in self.table.items():
            if is_refused(cells[server]):
                # A reset may have overtaken the answer.
                self.assertIn(found[name].split()[0], (cells[server], "closed"), name)
            else:
                self.assertFalse(is_refused(found[name]), (name, found[name]))

    def test_berth_refuses_what_could_be_read_in_two_ways(self):
        witness = Witness()
        self.addCleanup(witness.close)
        self.unit("witness", '[service]\ncommand = ["sleep", "infinity"]\n'
                             f'address = "127.0.0.1:{witness.port}"')
        self.proxy('[[proxy.route]]\nprefix = "/"\nunit = "witness"')
        self.boot_web()

        found = {}
        for case in CASES:
            witness.requests.clear()
            found[case.name] = ask(self.port, case.data)
            self.assertLessEqual(len(witness.requests), case.sent, case)

        self.assertEqual({name: cells["berth"] for name, cells in self.table.items()}, found)
        # Whatever has passed has one reading, whoever reads it.
        self.assertGreater(sum(canonical_requests(bytes(each)) for each in witness.streams), 10)

    def test_nginx_answers_as_the_table_says(self):
        nginx = Peer(self, "nginx", NGINX, ["nginx", "-c", "{config}"])

        self.check("nginx", nginx)

    def test_haproxy_answers_as_the_table_says(self):
        haproxy = Peer(self, "haproxy", HAPROXY, ["haproxy", "-db", "-f", "{config}"])

        self.check("haproxy", haproxy)

    def test_berth_is_at_least_as_strict_as_the_others(self):
        laxer = {name for name, cells in self.table.items() if not is_refused(cells["berth"])
                 and (is_refused(cells["nginx"]) or is_refused(cells["haproxy"]))}

        self.assertEqual(DISAGREEMENTS, laxer)
        self.assertEqual({case.name for case in CASES}, set(self.table))


if __name__ == "__main__":
    unittest.main()
