# Ten thousand tenants are nothing: a request costs what it costs with ten, and what is configured
# costs little memory.
import http.client
import re
import statistics
import unittest

from harness import DEADLINE, SANITIZED, free_port
from proxied import TenantTest

FEW, MANY = 10, 10_000
PROXY = "berth-proxy --control"
ROUNDS, REQUESTS = 7, 300
RATIO = 1.5
# Bytes a configured tenant: its definition and its state in PID 1; its route and its lease in the
# proxy.
PID1_BYTES, PROXY_BYTES = (48_000, 6_000) if SANITIZED else (12_000, 1_500)


def cpu_ns(pid):
    """What the process has used of the CPU so far."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0])


def private_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return 1024 * sum(int(size) for size in
                          re.findall(r"^Private_\w+: +(\d+)", file.read(), re.M))


class ManyTenants(TenantTest):
    def boot_with(self, count):
        """One berth of its own, with instances t0 to t(count - 1)."""
        self.folder = self.top / str(count)
        self.units, self.run_dir = self.folder / "units", self.folder / "run"
        self.units.mkdir(parents=True)
        self.port = self.ports[count]
        self.proxy()
        self.template('path = "/app/${instance}/"\nidle_timeout = "0s"')
        self.unit("list", "[instances.app]\n"
                          + "".join(f"t{number} = {{}}\n" for number in range(count)))
        berth = self.boot_web()
        self.assertEqual(0, berth.output().count("error"), berth.output()[-3000:])
        return berth

    def test_a_request_costs_the_same(self):
        self.top = self.folder
        self.ports = {FEW: free_port(), MANY: free_port()}
        sites = {count: self.boot_with(count) for count in (FEW, MANY)}
        proxies = {count: berth.wait_for_process(PROXY).pid for count, berth in sites.items()}
        asked = {count: [0, count // 2, count - 1] for count in sites}
        memory = {count: (private_bytes(berth.pid), private_bytes(proxies[count]))
                  for count, berth in sites.items()}
        costs = {count: [] for count in sites}

        for count in sites:
            self.ask(count, asked[count], 20)  # they start
        for _ in range(ROUNDS):
            for count in sites:
                before = cpu_ns(proxies[count])
                self.ask(count, asked[count], REQUESTS)
                costs[count].append((cpu_ns(proxies[count]) - before) / (3 * REQUESTS))

        few, many = (statistics.median(costs[count]) / 1000 for count in (FEW, MANY))
        print(f"{few:.1f} us a request with {FEW} tenants, {many:.1f} us with {MANY}")
        self.assertLess(many, few * RATIO)
        pid1, proxy = ((memory[MANY][which] - memory[FEW][which]) / (MANY - FEW)
                       for which in (0, 1))
        print(f"{pid1:.0f} bytes a tenant in PID 1, {proxy:.0f} in the proxy")
        self.assertLess(pid1, PID1_BYTES)
        self.assertLess(proxy, PROXY_BYTES)

    def ask(self, count, numbers, times):
        """So many requests to each of these tenants, one after the other, on one connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[count], timeout=DEADLINE)
        try:
            for _ in range(times):
                for number in numbers:
                    connection.request("GET", f"/app/t{number}/")
                    reply = connection.getresponse()
                    body = reply.read().decode()
                    self.assertEqual((200, f"app@t{number}"),
                                     (reply.status, body.partition(" ")[0]))
        finally:
            connection.close()


if __name__ == "__main__":
    unittest.main()
