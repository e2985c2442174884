# The maintenance page stands until the initialization job has succeeded.
import json
import unittest

from harness import wait_until
from proxied import TenantTest


class Maintenance(TenantTest):
    def boot_initializing(self, text, more=""):
        public = self.path("public")
        public.mkdir()
        (public / "style.css").write_text("body{}")
        self.proxy('[proxy.maintenance]\nuntil = "init"\nretry_after = "7s"\n'
                   f'[proxy.health]\npath = "/up"\n[proxy.static]\nroot = "{public}"')
        self.unit("init", f'[job]\ncommand = ["{self.script("init", text)}"]\n{more}')
        self.template()
        self.instances("a")
        return self.boot_web()

    def test_dynamic_requests_get_the_page_and_the_rest_is_served(self):
        berth = self.boot_initializing("sleep 4711")

        reply = self.get("/a/")

        self.assertEqual((503, "7"), (reply.status, reply.headers["retry-after"]))
        self.assertIn("refresh", reply.body)
        self.assertEqual("body{}", self.get_ok("/style.css").body)
        self.assertEqual("text/css", self.get("/style.css").headers["content-type"].split(";")[0])
        self.get_ok("/up")
        self.assertEqual([], berth.processes("tenant.py"))

    def test_the_routes_switch_when_the_job_has_succeeded(self):
        berth = self.boot_initializing("sleep 0.7; printf '[instances.app]\\nb = {}\\n' "
                                       "> $BERTH_UNITS_DIR/more.toml", "reload = true")
        self.assertEqual(503, self.get("/a/").status)
        self.assertEqual(503, self.get("/b/").status)

        berth.wait_for_line("init: done")

        self.wait_until_served("/b/", timeout=1.0)
        self.get_ok("/a/")

    def test_a_failing_job_leaves_the_page_up_until_it_succeeds(self):
        berth = self.boot_initializing(f"test -e {self.path('mended')}")
        berth.wait_for_line("init: failed: exit status 1")
        self.assertEqual(503, self.get("/a/").status)
        self.path("mended").touch()

        self.assertEqual(0, berth.ctl("start", "init").returncode)

        self.wait_until_served("/a/", timeout=1.0)

    def test_a_job_that_fails_later_changes_nothing(self):
        berth = self.boot_initializing(f"test ! -e {self.path('broken')}")
        self.wait_until_served("/a/")
        self.path("broken").touch()

        self.assertEqual(6, berth.ctl("start", "init").returncode)

        self.get_ok("/a/")

    def test_the_admin_switches_it(self):
        berth = self.boot_initializing("true")
        self.wait_until_served("/a/")

        self.assertEqual(0, berth.ctl("maintenance", "on").returncode)
        wait_until(lambda: self.get("/a/").status == 503, "the page")
        reply = self.get("/a/", headers={"Accept": "application/json"})
        self.assertEqual({"status": 503, "error": "Service Unavailable"}, json.loads(reply.body))
        self.assertEqual("body{}", self.get_ok("/style.css").body)
        self.assertEqual(0, berth.ctl("reload").returncode)
        self.assertEqual(503, self.get("/a/").status)

        self.assertEqual(0, berth.ctl("maintenance", "off", "web").returncode)
        self.wait_until_served("/a/")
        self.assertNotEqual(0, berth.ctl("maintenance", "on", "init").returncode)

    def test_a_job_that_takes_too_long_leaves_the_page_up_and_says_so(self):
        berth = self.boot_initializing("sleep 4711", 'timeout = "300ms"')

        berth.wait_for_line("init: failed: not done within 300ms")

        self.assertEqual(503, self.get("/a/").status)
        self.assertEqual([], berth.processes("sleep 4711"))


if __name__ == "__main__":
    unittest.main()
