# sd_notify: services tell how they are, and nobody tells it in their place.
import shutil
import subprocess
import unittest

from harness import BIN, PYTHON, SystemTest, free_port, wait_until

# What a service imports: the protocol, and waiting for a file. It says when it is there: from then on
# berthctl reaches berth.
PRELUDE = '''
import os, signal, socket, subprocess, sys, time
def notify(text, address=os.environ.get("NOTIFY_SOCKET", "")):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect("\\0" + address[1:] if address.startswith("@") else address)
        sender.send(text.encode())
def until(name):
    while not os.path.exists(os.path.join(os.path.dirname(sys.argv[0]), name)):
        time.sleep(0.005)
def trace(word):
    with open(os.environ["TRACE"], "a") as file:
        file.write(word + "\\n")
print("here", flush=True)
'''


class NotifyTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.write(self.path("prelude.py"), PRELUDE)

    def python(self, name, text):
        """A command that runs a Python script with the prelude."""
        script = self.write(self.path(f"{name}.py"), f"from prelude import *\n{text}\n")
        return [PYTHON, "-S", "-B", str(script)]

    def notifying(self, name, text, service="", ready=""):
        """A service of such a script; `ready`: further keys of that table."""
        ready = f"ready = {{ notify = true{', ' if ready else ''}{ready} }}"
        self.service(name, self.python(name, text), service=f"{ready}\n{service}")

    def touch(self, name):
        self.write(self.path(name), "")

    def wait_until_it_says(self, berth, unit, text):
        wait_until(lambda: berth.status(unit)["says"] == text,
                   lambda: f"{unit} says {text!r}: {berth.status(unit)}\n{berth.output()}")


class Readiness(NotifyTest):
    def test_a_service_is_ready_when_it_says_so(self):
        self.notifying("a", "notify('STATUS=warming up'); until('go'); trace('a')\n"
                            "notify('READY=1\\nSTATUS=serving'); time.sleep(4711)")
        self.service("b", [self.script("b", "echo b >> $TRACE; exec sleep 4712")],
                     unit='requires = ["a"]')

        berth = self.boot()

        berth.wait_for_line("a. here")
        self.wait_until_it_says(berth, "a", "warming up")
        self.assertEqual("starting", berth.status("a")["state"])
        self.assertIn("warming up", berth.ctl("status", "a").stdout)
        self.touch("go")
        self.wait_for_trace("b")
        self.assertEqual(["a", "b"], self.trace())
        self.wait_until_it_says(berth, "a", "serving")

    def test_a_service_that_never_says_so_fails_in_words(self):
        self.service("a", ["sleep", "4711"], service='ready = { notify = true, timeout = "200ms" }\n'
                                                     'restart = "never"')

        berth = self.boot()

        berth.wait_for_line("a: failed: not ready within 200ms: it has not sent READY=1")
        berth.wait_until_gone("sleep 4711")

    def test_it_may_ask_for_more_time(self):
        self.notifying("a", "notify('EXTEND_TIMEOUT_USEC=20000000'); until('go')\n"
                            "notify('READY=1'); time.sleep(4711)", ready='timeout = "1s"')

        berth = self.boot()

        berth.wait_for_line("a. here")
        started = berth.status("a")["started_ms"]
        wait_until(lambda: berth.ctl_json("status")["now_ms"] > started + 1500, "it is late")
        self.assertEqual("starting", berth.status("a")["state"])
        self.touch("go")
        berth.wait_for_line("a: ready")

    def test_systemds_own_tool_speaks_for_a_script_of_any_user(self):
        for user in ("root", "nobody"):
            self.service(user, [self.script(user, "systemd-notify --ready --status=up\n"
                                                  "exec sleep 4711")],
                         service="ready = { notify = true }",
                         rest=f'[process]\nuser = "{user}"')

        berth = self.boot()

        for user in ("root", "nobody"):
            berth.wait_for_line(f"{user}: ready")
            self.wait_until_it_says(berth, user, "up")

    def test_redis_is_supervised_as_by_systemd(self):
        port = free_port()
        self.service("redis", ["redis-server", "--port", str(port), "--supervised", "systemd",
                               "--save", "", "--dir", str(self.folder)],
                     service="ready = { notify = true }")

        berth = self.boot()

        berth.wait_for_line("redis: ready")
        self.wait_until_it_says(berth, "redis", "Ready to accept connections")

    def test_without_a_run_dir_there_is_an_abstract_socket(self):
        self.notifying("a", "notify('READY=1'); time.sleep(4711)")
        self.run_dir = "/proc/none"

        berth = self.boot()

        berth.wait_for_line("a: ready")

    def test_who_does_not_use_it_is_not_told_of_it(self):
        self.service("a", [self.script("a", "echo \"[$NOTIFY_SOCKET]\" >> $TRACE")],
                     service='restart = "never"')

        self.boot(env={"NOTIFY_SOCKET": "/run/of/somebody/else"})

        self.wait_for_trace("[]")


    def test_a_berth_without_rights_knows_its_units_by_their_sessions(self):
        # The one that speaks has left the session, but not its parents.
        child = "subprocess.Popen([sys.executable, '-S', sys.argv[0], 'x'], start_new_session=True)"
        self.notifying("a", "if len(sys.argv) > 1: notify('READY=1\\nSTATUS=child')\n"
                            f"else: {child}\ntime.sleep(4711)")
        shutil.chown(self.folder, "www-data")
        shutil.chown(self.path("trace"), "www-data")

        berth = self.boot(pid1=False, wrapper=["setpriv", "--reuid=www-data", "--regid=www-data",
                                               "--clear-groups"])

        berth.wait_for_line("a: ready")
        self.wait_until_it_says(berth, "a", "child")
        self.assertEqual(0, berth.stop())


class Phases(NotifyTest):
    def test_a_reload_is_shown_until_it_is_over(self):
        self.notifying("a", """
def reload(*_):
    notify('RELOADING=1\\nMONOTONIC_USEC=1\\nSTATUS=reading')
    until('go')
    notify('READY=1\\nSTATUS=')
signal.signal(signal.SIGHUP, reload)
notify('READY=1')
while True: time.sleep(4711)""", service='reload_signal = "SIGHUP"')
        berth = self.boot()
        berth.wait_for_line("a: ready")

        self.assertEqual(0, berth.ctl("reload", "a").returncode)

        self.wait_until_it_says(berth, "a", "reloading: reading")
        self.touch("go")
        self.wait_until_it_says(berth, "a", "")
        self.assertEqual("running", berth.status("a")["state"])
        berth.wait_for_line("a: has reloaded")

    def test_a_stop_is_shown_and_may_take_longer_when_it_asks(self):
        self.notifying("a", """
def stop(*_):
    notify('STOPPING=1\\nSTATUS=saving\\nEXTEND_TIMEOUT_USEC=20000000')
    until('go')
    trace('saved')
    os._exit(0)
signal.signal(signal.SIGTERM, stop)
notify('READY=1')
while True: time.sleep(4711)""", service='stop_timeout = "500ms"')
        berth = self.boot()
        berth.wait_for_line("a: ready")

        stop = subprocess.Popen([BIN / "berthctl", "--run-dir", self.run_dir, "stop", "a"])
        self.addCleanup(stop.wait)
        self.wait_until_it_says(berth, "a", "stopping: saving")
        since = berth.status("a")["since_ms"]
        wait_until(lambda: berth.ctl_json("status")["now_ms"] > since + 1000, "it is late")
        self.touch("go")

        self.wait_for_trace("saved")
        self.assertNotIn("SIGKILL", berth.output())


class MainProcess(NotifyTest):
    # The child tells the parent which process it is: of the namespace, as the parent sees it.
    DAEMON = """
pid = os.fork()
if pid == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: (trace('term'), os._exit(0)))
    while True: time.sleep(4711)
notify('MAINPID=%d\\nREADY=1' % pid)
"""

    def main_pid(self, berth):
        return berth.status("a")["main_pid"]

    def test_a_daemon_names_the_process_that_stays(self):
        self.notifying("a", self.DAEMON, service='restart = "never"')

        berth = self.boot()

        berth.wait_for_line("a: ready")
        wait_until(lambda: berth.status("a")["pids"] == [self.main_pid(berth)],
                   lambda: f"only the daemon is left: {berth.status('a')}")
        self.assertEqual("running", berth.status("a")["state"])
        berth.ctl("stop", "a")
        self.assertEqual(["term"], self.trace())
        self.assertEqual("inactive", berth.status("a")["state"])

    def test_the_end_of_a_daemon_is_reaped_with_its_status(self):
        self.notifying("a", self.DAEMON, service='restart = "never"')
        berth = self.boot()
        berth.wait_for_line("a: ready")
        wait_until(lambda: berth.status("a")["pids"] == [self.main_pid(berth)], "the parent is gone")

        berth.inside("kill", "-KILL", str(self.main_pid(berth)))

        berth.wait_for_line("a: failed: killed by SIGKILL")
        self.assertEqual([], berth.zombies())

    def test_the_end_of_a_child_of_somebody_else_is_noticed_as_well(self):
        self.notifying("a", self.DAEMON + "while True: time.sleep(4711)",
                       service='restart = "never"')
        berth = self.boot()
        berth.wait_for_line("a: ready")

        berth.inside("kill", "-KILL", str(self.main_pid(berth)))

        berth.wait_for_line("a: failed: its main process has ended; how, only the parent of that "
                            "process knows")
        berth.wait_until_gone("a.py")

    def test_a_process_of_somebody_else_is_refused(self):
        self.service("other", [self.script("other", "echo $$ > ${0%/*}/pid.new\n"
                                                    "mv ${0%/*}/pid.new ${0%/*}/pid\n"
                                                    "exec sleep 4712")])
        pid = self.path("pid")
        self.notifying("a", f"until('pid'); notify('MAINPID=' + open('{pid}').read() + 'READY=1')\n"
                            "time.sleep(4711)")

        berth = self.boot()

        berth.wait_for_line("a: ready")
        other = int(pid.read_text())
        berth.wait_for_line(f"a: MAINPID={other} was refused: it is no process of this unit")
        self.assertNotEqual(other, self.main_pid(berth))


class Forgery(NotifyTest):
    def test_only_its_own_processes_speak_for_a_unit(self):
        self.notifying("a", "until('go'); notify('READY=1'); time.sleep(4711)")
        address = self.run_dir / "notify"
        self.service("b", self.python("b", f"notify('READY=1\\nMAINPID=1', {str(address)!r})\n"
                                           "trace('forged'); time.sleep(4712)"),
                     rest='[process]\nuser = "nobody"')

        berth = self.boot()

        self.wait_for_trace("forged")
        berth.wait_for_line("a notification of pid [0-9]+, uid 65534, was refused: that process "
                            "belongs to no unit that uses sd_notify")
        with_tool = berth.inside("env", f"NOTIFY_SOCKET={address}", "systemd-notify", "--no-block",
                                 "--ready")
        self.assertEqual(0, with_tool.returncode, with_tool.stderr)
        self.assertEqual("starting", berth.status("a")["state"])
        self.touch("go")
        berth.wait_for_line("a: ready")
        self.assertEqual(1, berth.output().count("was refused"), berth.output())

    def test_a_flood_hinders_nobody(self):
        self.notifying("flood", "notify('READY=1')\nwhile True: notify('READY=x' * 400)")
        self.service("forger", self.python("forger", "while True:\n"
                                           f"    try: notify('X' * 5000, '{self.run_dir}/notify')\n"
                                           "    except OSError: time.sleep(0.1)"))
        self.notifying("a", "until('go'); notify('READY=1'); time.sleep(4711)")
        berth = self.boot()
        berth.wait_for_line("flood: ready")

        self.touch("go")

        berth.wait_for_line("a: ready")
        self.assertEqual("running", berth.status("flood")["state"])
        self.assertEqual(0, berth.stop())
        self.assertLessEqual(berth.output().count("is not understood"), 1)
        self.assertLessEqual(berth.output().count("was refused"), 2)


class Watchdogs(NotifyTest):
    PING = "notify('READY=1')\nassert os.environ['WATCHDOG_PID'] == str(os.getpid())\n"

    def test_a_service_that_gives_no_sign_of_life_is_aborted_and_restarted(self):
        self.notifying("a", self.PING + "trace('start ' + os.environ['WATCHDOG_USEC'])\n"
                       "while not os.path.exists(sys.argv[0] + '.hang'):\n"
                       "    notify('WATCHDOG=1'); time.sleep(0.02)\ntime.sleep(4711)",
                       service='watchdog = "1s"\nrestart_delay = "10ms"')
        berth = self.boot()
        berth.wait_for_line("a: ready")
        started = berth.status("a")["started_ms"]
        wait_until(lambda: berth.ctl_json("status")["now_ms"] > started + 2500,
                   "it has lived for longer than an interval")
        self.assertEqual(["start 1000000"], self.trace())

        self.touch("a.py.hang")

        berth.wait_for_line("a: watchdog: it sent no WATCHDOG=1 for 1s")
        self.path("a.py.hang").unlink()
        self.wait_for_trace("start 1000000", 2)
        self.assertEqual("killed by SIGABRT", berth.status("a")["last_exit"])

    def test_a_service_may_call_for_it(self):
        self.notifying("a", self.PING + "notify('WATCHDOG=trigger'); time.sleep(4711)",
                       service='watchdog = "1h"\nrestart = "never"')

        berth = self.boot()

        berth.wait_for_line("a: failed: watchdog: it has told its watchdog that it is not well")

    def test_a_service_may_change_its_interval(self):
        self.notifying("a", self.PING + "notify('WATCHDOG_USEC=100000'); time.sleep(4711)",
                       service='watchdog = "1h"\nrestart = "never"')

        berth = self.boot()

        berth.wait_for_line("a: failed: watchdog: it sent no WATCHDOG=1 for 100ms")


if __name__ == "__main__":
    unittest.main()
