# What is seen from outside: metrics for Prometheus, and the access log.
import json
import os
import re
import signal
import unittest
import urllib.request

from harness import free_port, wait_until
from proxied import TenantTest


class Outside(TenantTest):
    def setUp(self):
        super().setUp()
        self.metrics_port = free_port()

    def boot_tenants(self, more=""):
        self.proxy(f'[proxy.metrics]\nlisten = "127.0.0.1:{self.metrics_port}"\n{more}')
        self.template('ready = { http = "/up" }', {"START_DELAY": "0.3"})
        self.instances("a", "b")
        self.service("helper", ["sleep", "1000"], service='restart_delay = "10ms"')
        return self.boot_web()

    def metrics(self):
        """The samples, by name and labels as they stand."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics") as reply:
            self.assertEqual("text/plain; version=0.0.4; charset=utf-8",
                             reply.headers["Content-Type"])
            lines = reply.read().decode().splitlines()
        for line in lines:
            self.assertRegex(line, r'^(# (HELP|TYPE) berth_\w+ .+|berth_\w+(\{[^{}]+\})? [0-9.]+)$')
        return {name: float(value) for name, _, value in
                (line.rpartition(" ") for line in lines if not line.startswith("#"))}

    def test_the_metrics_tell_of_requests_starts_memory_and_restarts(self):
        berth = self.boot_tenants()
        before = self.metrics()
        self.assertEqual(0, before['berth_units_running{class="app@"}'])
        self.get_ok("/a/")
        self.get_ok("/a/")
        self.assertEqual(404, self.get("/nobody").status)
        os.kill(berth.wait_for_process("sleep 1000").pid, signal.SIGKILL)

        def restarted():
            after = self.metrics()
            return after if after['berth_unit_restarts_total{class="helper"}'] == 1 else None
        after = wait_until(restarted, "a restart")

        self.assertEqual(2, after['berth_requests_total{class="app@",code="200"}'])
        self.assertEqual(1, after['berth_requests_total{class="error",code="404"}'])
        self.assertEqual(1, after['berth_requests_held_total{class="app@"}'])
        self.assertEqual(2, after['berth_request_duration_seconds_count{class="app@"}'])
        self.assertGreater(after['berth_request_duration_seconds_sum{class="app@"}'], 0.25)
        self.assertEqual(1, after['berth_units_running{class="app@"}'])
        self.assertEqual(1, after['berth_unit_starts_total{class="app@"}'])
        self.assertGreater(after['berth_unit_start_duration_seconds_sum{class="app@"}'], 0.25)
        self.assertEqual(1, after['berth_unit_failures_total{class="helper"}'])
        self.assertEqual(0, after["berth_requests_waiting"])
        memory = [value for name, value in after.items()
                  if name.startswith('berth_unit_memory_bytes{unit="app@a"')]
        self.assertGreater(memory[0], 1_000_000)
        self.assertEqual(0, berth.stop())

    def test_the_metrics_are_not_on_the_site(self):
        self.boot_tenants()

        self.assertEqual(404, self.get("/metrics").status)

    def test_the_access_log_goes_to_a_file_and_survives_its_rotation(self):
        folder = self.path("logs")
        folder.mkdir()
        folder.chmod(0o777)  # the proxy is nobody
        self.boot_tenants(f'[proxy.log]\nto = "{folder}/access.log"')
        self.get_ok("/a/pid", headers={"X-Request-Id": "mine", "User-Agent": "test"})

        def line():
            text = (folder / "access.log").read_text() if (folder / "access.log").exists() else ""
            return json.loads(text.splitlines()[0]) if text else None
        entry = wait_until(line, "a line")
        self.assertEqual(("mine", "test", "a", 200, "proxy"),
                         tuple(entry[name] for name in ("request_id", "user_agent", "tenant",
                                                        "status", "response_type")))
        self.assertGreater(float(entry["hold_time"]), 0.2)
        self.assertTrue(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                                     entry["@timestamp"]))
        (folder / "access.log").rename(folder / "old.log")

        wait_until(lambda: self.get_ok("/b/") and (folder / "access.log").exists(), "a new file")


if __name__ == "__main__":
    unittest.main()
