# Routes to services: by prefix, with another path behind it, starting, crashed and down.
import unittest

from harness import free_port
from proxied import Elsewhere, TenantTest


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

    def test_a_cable_server_lives_as_long_as_its_websockets(self):
        ports = {"cable": free_port(), "witness": free_port()}
        self.proxy("".join(f'[[proxy.route]]\nprefix = "/{name}"\nunit = "{name}"\n'
                           for name in ports))
        for name, port in ports.items():
            self.service(name, self.tenant, unit='start = "demand"',
                         service=f'address = "127.0.0.1:{port}"\nidle_timeout = "1s"\n'
                                 'ready = { http = "/up" }\n',
                         rest=f'[process.env]\nPORT = "{port}"\n')
        berth = self.boot_web()
        self.assertEqual([], berth.processes("tenant.py"))

        connection, head = self.upgrade("/cable/ws")
        self.assertIn(" 101 ", head)
        self.get_ok("/witness")  # who comes later and goes first tells that both were looked at
        berth.wait_for_line("witness: stops: idle for 1s")
        connection.sendall(b"still there")
        self.assertEqual(b"still there", connection.recv(100))
        self.assertNotIn("cable: stops", berth.output())

        connection.close()
        berth.wait_for_line("cable: stops: idle for 1s")
        self.assertRegex(self.get_ok("/cable").body, "^cable ")

    def test_regexes_redirect_rewrite_and_route(self):
        self.back = free_port()
        self.proxy('''
[[proxy.redirect]]
from = "^/$"
to = "/home?from=root"
status = 301
[[proxy.rewrite]]
from = "^/short/(\\\\w+)$"
to = "/a/people/$1"
[[proxy.route]]
path = "^/regions/\\\\w+(/cable)$"
unit = "cable"
to = "/in$1"
headers = { X-Region = "$host" }
response_headers = { X-Served-By = "cable" }
''')
        self.service("cable", self.tenant, service=f'address = "127.0.0.1:{self.back}"\n'
                                                   'ready = { http = "/up" }\n',
                     rest=f"[process.env]\nPORT = \"{self.back}\"\n")
        self.template()
        self.instances("a")
        self.boot_web()

        moved = self.get("/?x=1")
        self.assertEqual((301, "/home?from=root&x=1"), (moved.status, moved.headers["location"]))
        self.assertRegex(self.get_ok("/short/ann").body, "^app@a ")
        self.assertIn("GET /a/people/ann/head HTTP/1.1",
                      self.get_ok("/a/people/ann/head").body)
        routed = self.get_ok("/regions/iad/cable", headers={"Host": "example.org"})
        self.assertRegex(routed.body, "^cable ")
        self.assertEqual("cable", routed.headers["x-served-by"])

    def test_a_target_is_a_server_that_is_no_unit(self):
        class Handler(Elsewhere):
            def do_GET(self):  # noqa: N802, the name is the library's
                self.answer(f"{self.path} {self.headers['Host']}")

        target = f"localhost:{self.serve_elsewhere(('127.0.0.1', 0), Handler)}"
        self.proxy(f'[[proxy.route]]\npath = "^/pdf/(.*)$"\ntarget = "http://{target}/r/$1"\n'
                   f'[[proxy.route]]\nprefix = "/gone"\ntarget = "http://127.0.0.1:{free_port()}"\n')
        self.boot_web()

        self.assertEqual(f"/r/a%20b?c=d {target}", self.get_ok("/pdf/a%20b?c=d").body)
        self.assertEqual(502, self.get("/gone/x").status)

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
