# Readiness by a command and by a line of output; health, and what follows when it is lost.
import unittest

from harness import PYTHON, SystemTest, free_port, toml, wait_until
from proxied import TenantTest, free_ports

# Answers 200, or 503 while the file named by its second argument is there.
SERVER = '''
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        sick = os.path.exists(sys.argv[2])
        self.send_response(503 if sick else 200)
        self.end_headers()
    def log_message(self, *_): pass
with open(os.environ["TRACE"], "a") as trace: trace.write("start\\n")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
'''


class Readiness(SystemTest):
    def test_a_service_is_ready_when_its_command_succeeds(self):
        check = self.script("check", 'test "$(id -un) $COLOUR" = "nobody red" && test -e "$1"')
        ready = [check, str(self.path("go"))]
        self.service("a", [self.script("a", "echo here; exec sleep 4711")],
                     service=f"ready = {{ command = {toml(ready)} }}",
                     rest='[process]\nuser = "nobody"\nenv = { COLOUR = "red" }')
        berth = self.boot()
        berth.wait_for_line("a. here")
        self.assertEqual("starting", berth.status("a")["state"])

        self.write(self.path("go"), "")

        berth.wait_for_line("a: ready")

    def test_a_command_that_fails_to_the_end_says_how(self):
        self.service("a", ["sleep", "4711"], service='ready = { command = ["false"], '
                                                     'timeout = "300ms" }\nrestart = "never"')

        berth = self.boot()

        berth.wait_for_line('a: failed: not ready within 300ms: command "false": exit status 1')

    def test_a_command_that_hangs_ends_with_the_unit(self):
        self.service("a", ["sleep", "4711"], service='ready = { command = "sleep 4712" }')
        berth = self.boot()
        berth.wait_for_process("sleep 4712")

        self.assertEqual(0, berth.ctl("stop", "a").returncode)

        self.assertEqual([], berth.processes("sleep"))

    def test_a_service_is_ready_when_a_line_of_its_output_is_as_expected(self):
        self.service("a", [self.script("a", "echo not yet; while ! test -e ${0%/*}/go; do sleep 0.01;"
                                            " done; echo now listening on 3000 >&2; exec sleep 4711")],
                     service='ready = { log = "*listening on [0-9]*" }')
        berth = self.boot()
        berth.wait_for_line("not yet")
        self.assertEqual("starting", berth.status("a")["state"])

        self.write(self.path("go"), "")

        berth.wait_for_line("a: ready")

    def test_a_line_that_never_comes_is_named(self):
        self.service("a", ["sleep", "4711"], service='ready = { log = "up", timeout = "200ms" }\n'
                                                     'restart = "never"')

        berth = self.boot()

        berth.wait_for_line('a: failed: not ready within 200ms: no line of its output was like "up"')

    def test_dependents_wait_through_the_failed_starts_of_what_they_require(self):
        self.service("a", [self.script("a", "echo a >> $TRACE\n"
                                            "test $(grep -c a $TRACE) -lt 3 && exit 1\n"
                                            "echo up; exec sleep 4711")],
                     service='ready = { log = "up" }\nrestart_delay = "50ms"')
        self.service("b", [self.script("b", "echo b >> $TRACE; exec sleep 4712")],
                     unit='requires = ["a"]')

        berth = self.boot()

        self.wait_for_trace("b")
        self.assertEqual(["a", "a", "a", "b"], self.trace())
        self.assertEqual("running", berth.wait_for_state("b", "running")["state"])

    def test_a_start_that_was_not_ready_in_time_is_tried_again(self):
        self.service("a", [self.script("a", "echo a >> $TRACE\n"
                                            "test $(grep -c a $TRACE) -lt 2 || echo up\n"
                                            "exec sleep 4711")],
                     service='ready = { log = "up", timeout = "2s" }\nrestart_delay = "50ms"')

        berth = self.boot()

        berth.wait_for_line("a: ready")
        self.assertEqual(["a", "a"], self.trace())


class Health(SystemTest):
    CHECK = 'interval = "50ms", timeout = "5s", failures = 2'

    def server(self, service):
        self.port = free_port()
        self.sick = self.path("sick")
        script = self.write(self.path("server.py"), SERVER)
        self.service("a", [PYTHON, "-S", "-B", str(script), str(self.port), str(self.sick)],
                     service=f'address = "127.0.0.1:{self.port}"\nready = {{ http = "/up" }}\n'
                             f'restart_delay = "10ms"\n{service}')

    def test_a_service_that_answers_wrongly_too_often_is_restarted(self):
        self.server(f'health = {{ http = "/up", {self.CHECK} }}')
        berth = self.boot()
        berth.wait_for_line("a: ready")

        self.write(self.sick, "")

        berth.wait_for_line("a: unhealthy, failure 1 of the 2 that end it: HTTP status 503")
        berth.wait_for_line("a: unhealthy, 2 failures in a row: HTTP status 503; again in 10ms")
        self.sick.unlink()
        self.wait_for_trace("start", 2)
        berth.wait_for_state("a", "running")
        self.assertEqual(1, berth.status("a")["restarts"])

    def test_single_failures_do_no_harm(self):
        flag = self.path("flag")
        # Fails every other time.
        check = self.script("check", f"if test -e {flag}; then rm {flag}; exit 0; fi\n"
                                     f"touch {flag}; echo look >> $TRACE; exit 1")
        self.service("a", ["sleep", "4711"],
                     service=f'health = {{ command = "{check}", {self.CHECK} }}')

        berth = self.boot()

        self.wait_for_trace("look", 3)
        berth.wait_for_line("a: healthy again: the command succeeded")
        self.assertEqual(0, berth.status("a")["restarts"])
        self.assertEqual("running", berth.status("a")["state"])

    def test_a_check_that_hangs_is_killed_with_all_that_it_started(self):
        check = self.script("check", "echo look >> $TRACE; sleep 4712 & sleep 4712")
        self.service("a", ["sleep", "4711"], service='restart = "never"\nhealth = { command = '
                                                     f'"{check}", interval = "50ms", '
                                                     'timeout = "200ms", failures = 2 }')

        berth = self.boot()

        berth.wait_for_line(f'a: failed: unhealthy, 2 failures in a row: command "{check}": '
                            "not done in time, killed")
        self.assertEqual([], berth.processes("sleep"))

    def test_a_port_that_refuses_is_unhealthy(self):
        port = free_port()
        self.service("a", ["sleep", "4711"], service='restart = "never"\n'
                     f'health = {{ tcp = "127.0.0.1:{port}", interval = "50ms", failures = 1 }}')

        berth = self.boot()

        berth.wait_for_line(f"a: failed: unhealthy, 1 failure: connect 127.0.0.1:{port}: "
                            "Connection refused")
        self.assertIn("unhealthy, 1 failure", berth.ctl("status", "a").stdout)


class TenantReadiness(TenantTest):
    def test_a_tenant_that_is_ready_too_early_is_waited_for_until_it_owns_its_port(self):
        self.proxy()
        first = free_ports(1)
        hasty = self.script("hasty", f"systemd-notify --ready\nexec {' '.join(self.tenant)}")
        self.template(f'endpoint = "port"\nports = "{first}-{first}"\n'
                      'ready = { notify = true }', command=[hasty], env={"START_DELAY": "0.5"})
        self.instances("one")
        self.boot_web()

        self.get_ok("/one/")

        self.assertEqual(["start app@one", "listen app@one"], self.trace()[:2])


class TenantHealth(TenantTest):
    def test_a_sick_tenant_is_stopped_and_the_next_request_starts_it_again(self):
        self.proxy()
        sick = self.path("sick")
        check = self.script("check", f"test ! -e {sick}")
        self.template(f'health = {{ command = "{check}", interval = "50ms", failures = 2 }}')
        self.instances("one")
        berth = self.boot_web()
        self.get_ok("/one/")

        self.write(sick, "")

        berth.wait_for_line('app@one: failed: unhealthy, 2 failures in a row: command ".*check": '
                            "exit status 1")
        sick.unlink()
        wait_until(lambda: self.get("/one/").status == 200, "it serves again")
        self.assertEqual(2, self.trace().count("start app@one"))


if __name__ == "__main__":
    unittest.main()
