# Tenants start with the first request, side by side, and none waits for another.
import time
import unittest

from harness import toml, wait_until
from proxied import TenantTest, free_ports


class OnDemand(TenantTest):
    def boot_tenants(self, *names, tenant="", env=None, **instances):
        self.proxy()
        self.template(tenant, env)
        self.instances(*names, **instances)
        return self.boot_web()

    def check_endpoint(self, tenant, env=None):
        berth = self.boot_tenants("a", tenant=tenant, env=env)
        self.assertEqual([], berth.processes("tenant.py"))

        first = self.get_ok("/a/pid")

        self.assertEqual(first.body, self.get_ok("/a/pid").body)
        self.assertEqual(1, len(berth.processes("tenant.py")))
        self.assertEqual(0, berth.stop())

    def test_the_first_request_starts_a_tenant_with_a_socket_that_is_passed_on(self):
        self.check_endpoint('endpoint = "activated"')

    def test_the_first_request_starts_a_tenant_with_a_port(self):
        first = free_ports(3)
        self.check_endpoint(f'endpoint = "port"\nports = "{first}-{first + 2}"')

    def test_the_first_request_starts_a_tenant_with_a_socket_of_its_own(self):
        self.check_endpoint('endpoint = "socket"', {"SOCKET": "${socket}"})

    def test_a_tenant_of_another_user_is_reached_at_each_endpoint(self):
        first = free_ports(3)
        for name, more in (("activated", ""), ("port", f'ports = "{first}-{first + 2}"'),
                           ("socket", "")):
            env = {"SOCKET": "${socket}"} if name == "socket" else {}
            self.unit(f"{name}@", f'[tenant]\ncommand = {toml(self.tenant)}\n'
                                  f'endpoint = "{name}"\n{more}\n'
                                  f'[process]\nuser = "www-data"\nenv = {toml(env)}\n')
            self.unit(f"of-{name}", f"[instances.{name}]\n{name} = {{}}\n")
        self.proxy()
        berth = self.boot_web()

        for name in ("activated", "port", "socket"):
            self.assertIn(f"{name}@{name}", self.get_ok(f"/{name}/").body)

        self.assertEqual(0, berth.stop())

    def test_two_tenants_never_see_each_other(self):
        self.boot_tenants("a", "b", a={"SECRET": "of a"}, b={"SECRET": "of b"})

        replies = self.get_all(["/a/env", "/b/env"] * 20)

        for reply, name in zip(replies, ["a", "b"] * 20):
            self.assertIn(f"SECRET=of {name}", reply.body)
            self.assertIn(f"BERTH_UNIT=app@{name}", reply.body)

    def test_the_longest_path_wins(self):
        self.proxy()
        self.template('path = "/${where}"\nvars = ["where"]')
        self.unit("list", '[instances.app]\nindex = { where = "" }\ninner = { where = "x/y/" }\n'
                          'outer = { where = "x/" }\n')
        self.boot_web()

        for path, name in (("/", "index"), ("/x/", "outer"), ("/x/y/z", "inner"), ("/xy", "index"),
                           ("/x/yz", "outer")):
            self.assertIn(f"app@{name} ", self.get_ok(path).body, path)

    def test_a_request_without_the_slash_is_redirected(self):
        self.boot_tenants("a")

        reply = self.get("/a?b=c")

        self.assertIn(reply.status, (301, 302, 307, 308))
        self.assertTrue(reply.headers["location"].endswith("/a/?b=c"), reply.headers)

    def test_a_path_of_nobody_is_not_found(self):
        berth = self.boot_tenants("a")

        self.assertEqual(404, self.get("/b/").status)
        self.assertEqual([], berth.processes("tenant.py"))

    def test_many_requests_at_once_start_one_process(self):
        self.boot_tenants("a", env={"START_DELAY": "0.3"})

        replies = self.get_all(["/a/pid"] * 40)

        self.assertEqual([200] * 40, [reply.status for reply in replies])
        self.assertEqual(1, len({reply.body for reply in replies}))
        self.assertEqual(1, self.trace().count("start app@a"))


class SideBySide(TenantTest):
    def boot_tenants(self, names, delay, limits="", hold="30s", **instances):
        self.proxy()
        self.config(limits)
        self.template(f'hold = "{hold}"\nready = {{ http = "/up" }}', {"START_DELAY": delay})
        self.instances(*names, **instances)
        return self.boot_web()

    def test_a_tenant_that_boots_slowly_slows_no_other(self):
        self.boot_tenants(["sluggish", "warm", "cold"], "0",
                          sluggish={"START_DELAY": "3"})
        self.get_ok("/warm/")
        slow = self.in_background("/sluggish/")
        self.wait_for_trace("start app@sluggish")

        warm = [self.get_ok("/warm/").seconds for _ in range(50)]
        cold = self.get_ok("/cold/").seconds

        self.assertFalse(slow.done())
        self.assertLess(max(warm), 0.5)
        self.assertLess(cold, 2.0)
        self.assertEqual(200, slow.result().status)

    def test_cold_tenants_that_wait_without_cpu_start_side_by_side(self):
        names = [f"t{number}" for number in range(20)]
        self.boot_tenants(names, "2", limits="max_starting = 20")

        begin = time.monotonic()
        replies = self.get_all([f"/{name}/" for name in names], timeout=60)

        self.assertEqual([200] * 20, [reply.status for reply in replies])
        self.assertLess(time.monotonic() - begin, 15.0)  # 40 s one after the other

    def test_all_of_many_cold_tenants_are_served_in_their_turn(self):
        names = [f"t{number}" for number in range(20)]
        self.boot_tenants(names, "0.05")

        replies = self.get_all([f"/{name}/" for name in names], timeout=60)

        self.assertEqual([200] * 20, [reply.status for reply in replies])

    def test_a_limit_of_the_template_holds_the_others_back(self):
        names = ["a", "b", "c", "d"]
        self.proxy()
        self.config("max_starting = 20")
        self.template('hold = "30s"\nmax_starting = 1\nready = { http = "/up" }',
                      {"START_DELAY": "0.2"})
        self.instances(*names)
        self.boot_web()

        replies = self.get_all([f"/{name}/" for name in names])

        self.assertEqual([200] * 4, [reply.status for reply in replies])
        words = [line.split()[0] for line in self.trace()]
        self.assertEqual(["start", "listen"] * 4, words)


class Waiting(TenantTest):
    def boot_tenant(self, tenant, **env):
        self.proxy()
        self.template(tenant + '\nready = { http = "/up" }', env)
        self.instances("a")
        return self.boot_web()

    def test_a_request_is_held_no_longer_than_hold(self):
        self.boot_tenant('hold = "500ms"', START_DELAY="1.5")

        reply = self.get("/a/")

        self.assertEqual(503, reply.status)
        self.assertGreaterEqual(reply.seconds, 0.4)
        self.assertLess(reply.seconds, 1.4)
        self.assertIn("retry-after", reply.headers)
        self.assertIn("<html", reply.body.lower())
        self.wait_until_served("/a/")  # its start went on
        self.assertEqual(1, self.trace().count("start app@a"))

    def test_what_finds_the_queue_full_is_refused_at_once(self):
        self.boot_tenant('hold = "10s"\nqueue = 3', START_DELAY="2")

        replies = self.get_all(["/a/"] * 8)

        self.assertEqual([200] * 3 + [503] * 5, sorted(reply.status for reply in replies))
        self.assertLess(max(reply.seconds for reply in replies if reply.status == 503), 1.5)

    def test_a_client_that_goes_away_takes_its_place_in_the_queue_along(self):
        self.boot_tenant('hold = "10s"\nqueue = 1', START_DELAY="2")
        gone = self.connect()
        gone.sendall(b"GET /a/ HTTP/1.1\r\nHost: x\r\n\r\n")
        self.wait_for_trace("start app@a")

        gone.close()

        wait_until(lambda: self.get("/a/").status == 200, "a place in the queue")
        self.assertEqual(1, self.trace().count("start app@a"))


if __name__ == "__main__":
    unittest.main()
