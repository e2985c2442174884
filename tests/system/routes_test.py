# Routes to services: by prefix, with another path behind it, starting, crashed and down.
import unittest

from harness import free_port
from proxied import TenantTest


class Routes(TenantTest):
    def boot_route(self, route="", unit="", ready="", env=None):
        self.back = free_port()
        self.proxy(f'[[proxy.route]]\nprefix = "/cable"\nunit = "cable"\n{route}')
        variables = "".join(f'{name} = "{value}"\n' for name, value in
                            {"PORT": self.back, **(env or {})}.items())
        self.service("cable", self.tenant, unit=unit,
                     service=f'address = "127.0.0.1:{self.back}"\n'
                             f'ready = {{ http = "/up" }}\n{ready}',
                     rest=f"[process.env]\n{variables}")
        self.template('path = "/"')
        self.instances("a")
        return self.boot_web()

    def test_a_route_goes_before_the_tenants(self):
        berth = self.boot_route()
        berth.wait_for_line("cable: ready")

        self.assertRegex(self.get_ok("/cable").body, "^cable ")
        self.assertRegex(self.get_ok("/cable/x").body, "^cable ")
        self.assertRegex(self.get_ok("/cables").body, "^app@a ")

    def test_a_route_replaces_its_prefix(self):
        berth = self.boot_route('to = "/inner"')
        berth.wait_for_line("cable: ready")

        self.assertIn("GET /inner/x/head?y=z HTTP/1.1", self.get_ok("/cable/x/head?y=z").body)

    def test_a_request_waits_for_a_service_that_starts(self):
        self.boot_route(env={"START_DELAY": "1"})

        self.assertRegex(self.get_ok("/cable").body, "^cable ")

    def test_a_websocket_goes_through(self):
        berth = self.boot_route()
        berth.wait_for_line("cable: ready")
        connection, head = self.upgrade("/cable/ws")

        self.assertIn(" 101 ", head)
        for size in (1, 100_000):
            connection.sendall(b"w" * size)
            got = 0
            while got < size:
                got += len(connection.recv(65536))

    def test_a_websocket_is_refused_where_the_route_says_so(self):
        berth = self.boot_route("websocket = false")
        berth.wait_for_line("cable: ready")

        _, head = self.upgrade("/cable/ws")

        self.assertNotIn(" 101 ", head)

    def test_a_service_on_demand_is_started_by_the_first_request(self):
        berth = self.boot_route(unit='start = "demand"')
        self.assertEqual([], berth.processes("tenant.py"))

        self.assertRegex(self.get_ok("/cable").body, "^cable ")

    def test_a_service_that_was_stopped_is_not_started_by_a_request(self):
        berth = self.boot_route()
        berth.wait_for_line("cable: ready")
        self.assertEqual(0, berth.ctl("stop", "cable").returncode)

        self.assertEqual(503, self.get("/cable").status)
        self.assertEqual([], berth.processes("tenant.py"))

    def test_a_service_that_crashed_is_waited_for(self):
        berth = self.boot_route(ready='restart_delay = "300ms"')
        berth.wait_for_line("cable: ready")
        self.assertEqual(502, self.get("/cable/crash").status)
        berth.wait_for_line("cable: .*again in 300ms")

        self.assertRegex(self.get_ok("/cable").body, "^cable ")


if __name__ == "__main__":
    unittest.main()
