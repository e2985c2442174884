# The life of berth-proxy: what it may, how it takes a new route table, and how fast it comes back.
import base64
import os
import signal
import time
import unittest

from harness import children_of, toml, wait_until
from proxied import TenantTest


SECRET = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="  # the password "secret"


class Rights(TenantTest):
    def test_it_has_no_rights_and_a_filter_of_system_calls(self):
        self.proxy()
        berth = self.boot_web()

        status = berth.wait_for_process("berth-proxy --control").status()

        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(0, int(status[name], 16), name)
        self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]))


class Files(TenantTest):
    """It reads what its route table names, and nothing else, whatever its user may."""

    def folder_with(self, name, file, text):
        folder = self.path(name)
        folder.mkdir(exist_ok=True)
        self.write(folder / file, text)
        return folder

    def get_as(self, user):
        login = base64.b64encode(f"{user}:secret".encode()).decode()
        return self.get("/a/", headers={"Authorization": f"Basic {login}"}).status

    def test_a_file_that_lies_elsewhere_altogether_is_not_read(self):
        own = self.folder_with("own", "htpasswd", f"ann:{SECRET}\n")
        other = self.folder_with("other", "htpasswd", f"bob:{SECRET}\n")
        self.proxy(f'[proxy.auth]\nhtpasswd = "{own}/htpasswd"')
        self.template()
        self.instances("a")
        berth = self.boot_web()
        self.assertEqual((200, 401), (self.get_as("ann"), self.get_as("bob")))
        self.write(own / "htpasswd", f"ann:{SECRET}\neve:{SECRET}\n")
        wait_until(lambda: self.get_as("eve") == 200, "the file is read again")

        (own / "htpasswd").unlink()
        (own / "htpasswd").symlink_to(other / "htpasswd")

        wait_until(lambda: self.get_as("eve") != 200, "the file is looked at again")
        self.assertIn("nobody can log in", berth.output())
        self.assertNotEqual(200, self.get_as("bob"))
        self.assertEqual(0, berth.ctl("restart", "web").returncode)
        wait_until(lambda: self.get_as("bob") == 200, "another process may read it")

    def test_a_reload_that_moves_its_files_leaves_no_gap(self):
        for name in ("old", "new"):
            self.folder_with(name, "page.txt", name)
        self.proxy(f'[proxy.static]\nroot = "{self.path("old")}"')
        berth = self.boot_web()
        self.assertEqual("old", self.get_ok("/page.txt").body)

        self.proxy(f'[proxy.static]\nroot = "{self.path("new")}"')
        berth.signal(signal.SIGHUP)

        bodies = []
        wait_until(lambda: bodies.append(self.get_ok("/page.txt").body) or bodies[-1] == "new",
                   "the new root")
        self.assertEqual({"old", "new"}, {*bodies, "old"})


class Reload(TenantTest):
    def boot_tenants(self):
        self.proxy()
        self.template()
        self.instances("a", "b")
        return self.boot_web()

    def test_a_websocket_whose_route_did_not_change_stays_and_the_process_does(self):
        berth = self.boot_tenants()
        before = berth.wait_for_process("berth-proxy --control").pid
        connection, head = self.upgrade("/a/ws")
        self.assertIn(" 101 ", head)

        for names in (("a",), ("a", "c"), ("a", "b", "c")):
            self.instances(*names)
            berth.signal(signal.SIGHUP)
            wait_until(lambda: all(self.get(f"/{name}/").status == (200 if name in names else 404)
                                   for name in "bc"), "the new routes")
            connection.sendall(b"still here")
            self.assertEqual(b"still here", connection.recv(100))

        self.assertEqual(before, berth.wait_for_process("berth-proxy --control").pid)

    def test_a_websocket_whose_instance_is_removed_is_closed(self):
        berth = self.boot_tenants()
        connection, head = self.upgrade("/a/ws")
        self.assertIn(" 101 ", head)
        self.instances("b")

        berth.signal(signal.SIGHUP)

        frame = connection.recv(100)
        self.assertEqual((b"\x88", 1001), (frame[:1], int.from_bytes(frame[2:4], "big")))


class Crash(TenantTest):
    def test_it_is_started_again_at_once_and_after_crashes_in_a_row_later(self):
        self.proxy()
        berth = self.boot_web()

        times = [self.crash(berth) for _ in range(6)]

        # No pause at first; the sixth follows one of 160 ms.
        self.assertLess(times[0], times[-1], times)

    def crash(self, berth):
        """Seconds until another proxy is there."""
        proxy = berth.wait_for_process("berth-proxy --control")
        others = set(children_of(berth.pid))
        begin = time.monotonic()
        os.kill(proxy.pid, signal.SIGKILL)
        wait_until(lambda: set(children_of(berth.pid)) - others, "another proxy")
        return time.monotonic() - begin

    def test_a_crash_loses_its_own_connections_and_nothing_of_the_tenants(self):
        self.proxy()
        self.template()
        self.instances("a")
        berth = self.boot_web()
        first = self.get_ok("/a/pid").body
        connection, head = self.upgrade("/a/ws")
        self.assertIn(" 101 ", head)

        os.kill(berth.wait_for_process("berth-proxy --control").pid, signal.SIGKILL)

        self.assertEqual(b"", connection.recv(100))
        self.assertEqual(first, self.get_ok("/a/pid").body)


class Elsewhere(TenantTest):
    def test_what_lives_in_another_region_is_answered_by_it(self):
        self.proxy('region = "${REGION:-iad}"\nserver_timing = true\n'
                   '[[proxy.replay]]\npath = "^/pdf/"\napp = "printer"\n'
                   '[proxy.auth]\nhtpasswd = "/nonexistent"\n'
                   '[[proxy.auth.pattern]]\npattern = "^/pdf/open"\naction = "off"')
        self.template('region = "${where:-}"\nvars = ["where?"]\nauth = false\n'
                      'ready = { http = "/up" }', {"START_DELAY": "0.2"})
        self.unit("list", f'[instances.app]\na = {{}}\nb = {toml({"where": "fra"})}\n')
        berth = self.boot_web()

        self.assertEqual('{"region":"fra","timeout":"30s","fallback":"force_self"}\n',
                         self.get("/b/x").body)
        self.assertEqual(503, self.get("/pdf/1").status)  # nobody can log in
        self.assertIn('{"app":"printer",', self.get("/pdf/open").body)
        self.assertRegex(self.get_ok("/a/x").headers["server-timing"], r"^hold;dur=\d+$")
        self.assertEqual(1, len(berth.processes("tenant.py")))


if __name__ == "__main__":
    unittest.main()
