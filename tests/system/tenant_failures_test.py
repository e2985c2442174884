# A tenant that cannot start, or dies, fails alone and comes back by itself.
import os
import signal
import socket
import time
import unittest

from harness import wait_until
from proxied import TenantTest, free_ports


class AtBoot(TenantTest):
    def boot_broken(self, tenant="", command=None, **env):
        """"bad" cannot start while the file "broken" is there; "good" can."""
        self.broken = self.write(self.path("broken"), "")
        first = free_ports(4)
        self.proxy()
        self.template(f'endpoint = "port"\nports = "{first}-{first + 3}"\n'
                      f'restart_delay = "50ms"\nrestart_delay_max = "100ms"\n{tenant}', env,
                      command=command)
        self.instances("bad", "good", "better", bad={"FAIL_IF": str(self.broken)})
        return self.boot_web()

    def test_held_requests_get_the_page_and_the_reason_stands_in_the_status(self):
        berth = self.boot_broken()

        reply = self.get("/bad/")

        self.assertEqual(503, reply.status)
        self.assertLess(reply.seconds, 5.0)
        self.assertIn("retry-after", reply.headers)
        self.assertIn("<html", reply.body.lower())
        self.assertNotIn("database", reply.body)  # the reason is no client's business
        self.assertEqual("exit status 1", berth.status("app@bad")["reason"])
        berth.wait_for_line("the database is broken")

    def test_the_others_are_not_disturbed(self):
        self.boot_broken()
        self.get_ok("/good/")
        bad = [self.in_background("/bad/") for _ in range(5)]

        slowest = max(self.get_ok("/good/").seconds for _ in range(50))
        cold = self.get_ok("/better/")

        self.assertLess(slowest, 0.5)
        self.assertLess(cold.seconds, 3.0)
        self.assertEqual([503] * 5, [each.result().status for each in bad])

    def test_it_recovers_by_itself_when_it_is_mended(self):
        self.boot_broken()
        for _ in range(5):
            self.assertEqual(503, self.get("/bad/").status)

        self.broken.unlink()

        self.wait_until_served("/bad/", timeout=3.0)

    def test_failed_starts_leak_no_port(self):
        self.unit("lame@", "[tenant]\ncommand = \"false\"\nrestart_delay = \"1ms\"\n"
                           "restart_delay_max = \"1ms\"\nports = \"{0}-{1}\"\n"
                           "[process.env]\nFAILING = \"${{instance}}\"\n"
                  .format(*(lambda first: (first, first + 2))(free_ports(3))))
        self.unit("lame", "[instances.lame]\nx = {}\n")
        self.proxy()
        berth = self.boot_web()

        def failed():
            return berth.output().count("lame@x: failed")
        end = time.monotonic() + 30
        while failed() < 150 and time.monotonic() < end:
            self.assertEqual(503, self.get("/x/").status)

        self.assertGreaterEqual(failed(), 150)
        self.assertNotIn("no free port", berth.output())
        self.unit("lame@", (self.units / "lame@.toml").read_text().replace(
            "\"false\"", f"[{', '.join(repr(word) for word in self.tenant)}]"))
        berth.signal(signal.SIGHUP)
        self.wait_until_served("/x/")

    def test_a_program_that_does_not_exist_is_named_in_the_status(self):
        berth = self.boot_broken(command=["/nonexistent/server"])

        self.assertEqual(503, self.get("/bad/").status)

        self.assertEqual("execute /nonexistent/server: No such file or directory",
                         berth.status("app@bad")["reason"])

    def test_what_never_becomes_ready_is_given_up_and_ended(self):
        berth = self.boot_broken('hold = "500ms"\nready = { http = "/up", timeout = "1s" }',
                                 NEVER_READY="1")

        reply = self.get("/good/")

        self.assertEqual(503, reply.status)
        self.assertLess(reply.seconds, 1.5)
        berth.wait_for_state("app@good", "failed")
        self.assertIn("not ready within 1s", berth.status("app@good")["reason"])
        self.assertEqual([], berth.processes("tenant.py"))


class Crashes(TenantTest):
    def boot_two(self, tenant=""):
        self.proxy()
        self.template(tenant)
        self.instances("a", "b")
        return self.boot_web()

    def test_a_crash_is_noticed_at_once_and_the_next_request_starts_it(self):
        self.boot_two()
        first = self.get_ok("/a/pid").body

        self.assertEqual(502, self.get("/a/crash").status)
        # A request of the same millisecond still reaches the dying process, and is lost with it.
        reply = self.wait_until_served("/a/pid", timeout=1.0)

        self.assertNotEqual(first, reply.body)

    def test_a_tenant_that_was_killed_while_idle_costs_no_request(self):
        berth = self.boot_two()
        self.get_ok("/a/pid")
        pid = berth.wait_for_process("tenant.py").pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: pid not in [each.pid for each in berth.processes()], "its end")

        self.get_ok("/a/pid")

        wait_until(lambda: not berth.zombies(), "no zombie")

    def test_a_crash_of_one_tenant_is_nothing_to_the_other(self):
        self.boot_two()
        other = self.get_ok("/b/pid").body
        slow = self.in_background("/b/slow?ms=700")

        self.get("/a/crash")

        self.assertEqual(200, slow.result().status)
        self.assertEqual(other, self.get_ok("/b/pid").body)

    def test_a_tenant_that_crashes_again_and_again_is_started_by_each_request(self):
        self.boot_two()

        for _ in range(8):
            self.assertEqual(502, self.get("/a/crash").status)

        self.wait_until_served("/a/pid", timeout=1.0)


class Strangers(TenantTest):
    def test_a_foreign_process_on_the_port_does_not_answer_for_the_tenant(self):
        port = free_ports(1)
        self.proxy()
        self.template(f'endpoint = "port"\nports = "{port}-{port}"\nhold = "1s"',
                      {"START_DELAY": "1"})
        self.instances("a")
        berth = self.boot_web()
        waiting = self.in_background("/a/")
        self.wait_for_trace("start app@a")  # the port was found free, and is not yet taken

        with socket.create_server(("127.0.0.1", port)) as stranger:
            stranger.settimeout(0.1)

            def answer():
                try:
                    connection, _ = stranger.accept()
                    with connection:
                        if connection.recv(4096):
                            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad")
                except OSError:
                    pass
                return waiting.done()
            wait_until(answer, "an answer")

        self.assertEqual(503, waiting.result().status)
        self.assertNotIn("bad", waiting.result().body)
        self.wait_until_served("/a/")
        self.assertIn("app@a", self.get_ok("/a/").body)
        self.assertEqual(0, berth.stop())


if __name__ == "__main__":
    unittest.main()
