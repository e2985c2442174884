# Sockets of `listen`: held by PID 1, handed over whole, kept while processes come and go.
import grp
import http.client
import os
import pwd
import signal
import socket
import stat
import threading
import time
import unittest

from harness import process_of, SystemTest, free_port, read_text, toml, wait_until


class Sockets(SystemTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()

    def boot(self, **boot):
        """A berth that has read its units."""
        berth = super().boot(**boot)
        wait_until(lambda: berth.ctl("status").returncode == 0, berth.output)
        return berth

    def app(self, listen=None, unit="", service="", rest="", env=""):
        """The service "app", an HTTP server."""
        listen = toml(listen or f"127.0.0.1:{self.port}")
        self.service("app", self.tenant, unit=unit, service=f"listen = {listen}\n{service}",
                     rest=f"{rest}\n[process]\nenv = {{ {env} }}")

    def ask(self, path="/", port=None):
        """The body of the answer. Waits as long as the connection is queued."""
        client = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)
        try:
            client.request("GET", path, headers={"Connection": "close"})
            return client.getresponse().read().decode()
        finally:
            client.close()

    def refused(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) != 0


class Passing(Sockets):
    def test_the_process_is_given_its_sockets_as_systemd_does(self):
        other = free_port()
        path = str(self.path("app.sock"))
        self.app([f"127.0.0.1:{self.port}", {"address": f"[::1]:{other}", "name": "six"},
                  {"address": f"unix:{path}", "name": "admin"}])

        berth = self.boot()

        environment = dict(line.split("=", 1) for line in self.ask("/env").splitlines())
        process = berth.wait_for_process("tenant.py")
        self.assertEqual("3", environment["LISTEN_FDS"])
        self.assertEqual("app:six:admin", environment["LISTEN_FDNAMES"])
        self.assertEqual(str(process.inner_pid()), environment["LISTEN_PID"])
        sockets = [os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in (3, 4, 5)]
        self.assertEqual(3, len({name for name in sockets if name.startswith("socket:")}))
        flags = int(next(line for line in read_text(f"/proc/{process.pid}/fdinfo/3").splitlines()
                         if line.startswith("flags:")).split()[1], 8)
        self.assertFalse(flags & os.O_NONBLOCK)
        self.assertFalse(flags & os.O_CLOEXEC)

    def test_systemds_own_library_takes_them(self):
        backend = free_port()
        self.app(listen=f"127.0.0.1:{backend}")
        self.service("front", ["/lib/systemd/systemd-socket-proxyd", f"127.0.0.1:{backend}"],
                     unit='start = "demand"', service=f'listen = "127.0.0.1:{self.port}"')

        berth = self.boot()

        self.assertIn("app ", self.ask())
        self.assertEqual("running", berth.status("front")["state"])

    def test_puma_takes_them(self):
        rackup = self.write(self.path("config.ru"),
                            'run ->(env) { [200, {}, ["puma #{Process.pid}"]] }\n')
        self.service("web", ["puma", "--bind-to-activated-sockets", "only", "-t", "1:1",
                             str(rackup)],
                     unit='start = "demand"', service=f'listen = "127.0.0.1:{self.port}"')

        berth = self.boot()
        self.assertEqual([], berth.processes("puma"))
        first = self.ask()
        self.assertTrue(first.startswith("puma "), first)
        berth.ctl("restart", "web")
        second = self.ask()

        self.assertTrue(second.startswith("puma "), second)
        self.assertNotEqual(first, second)

    def test_the_file_of_a_unix_socket_belongs_to_the_unit(self):
        path, other = self.path("sub") / "a.sock", self.path("b.sock")
        self.service("app", self.tenant,
                     service="listen = " + toml([f"unix:{path}",
                                                 {"address": f"unix:{other}", "group": "audio",
                                                  "mode": "0606"}]),
                     rest='[process]\nuser = "nobody"\n')

        berth = self.boot()
        berth.wait_for_state("app", "running")

        nobody = pwd.getpwnam("nobody")
        first, second = path.stat(), other.stat()
        self.assertEqual((nobody.pw_uid, nobody.pw_gid, 0o660),
                         (first.st_uid, first.st_gid, stat.S_IMODE(first.st_mode)))
        self.assertEqual((nobody.pw_uid, grp.getgrnam("audio").gr_gid, 0o606),
                         (second.st_uid, second.st_gid, stat.S_IMODE(second.st_mode)))
        berth.stop()
        self.assertFalse(path.exists() or other.exists(), "berth leaves no socket file")


class Keeping(Sockets):
    def hammer(self, until):
        """Connects and asks until it is told to stop; what went wrong, and who answered."""
        errors, names = [], set()

        def run():
            while not until.is_set():
                try:
                    names.add(self.ask())
                except ConnectionResetError:
                    pass  # was taken by a process that was told to end: that is its own doing
                except (OSError, http.client.HTTPException) as error:
                    if not isinstance(error, http.client.RemoteDisconnected):
                        errors.append(repr(error))
        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        return threads, errors, names

    def test_no_connection_is_refused_while_the_unit_restarts(self):
        self.app(service='restart_delay = "50ms"\nrestart_limit = 0', env='START_DELAY = "0.1"')
        berth = self.boot()
        self.ask()
        until = threading.Event()
        threads, errors, names = self.hammer(until)

        for _ in range(3):
            self.assertEqual(0, berth.ctl("restart", "app").returncode)
        os.kill(berth.wait_for_process("tenant.py").pid, 9)
        known = len(names)
        wait_until(lambda: len(names) > known, lambda: f"the next life answers: {names} {errors}")
        self.app(service='restart_delay = "51ms"\nrestart_limit = 0',
                 env='START_DELAY = "0.1", CHANGED = "1"')
        self.assertEqual(0, berth.ctl("reload").returncode)
        known = len(names)
        wait_until(lambda: len(names) > known, lambda: f"the changed one answers: {names} {errors}")
        until.set()
        for thread in threads:
            thread.join()

        self.assertEqual([], errors)
        self.assertGreaterEqual(len(names), 3)

    def test_a_removed_unit_is_not_reached_any_more(self):
        path = self.path("app.sock")
        self.app([f"127.0.0.1:{self.port}", f"unix:{path}"])
        berth = self.boot()
        self.ask()

        (self.units / "app.toml").unlink()
        self.assertEqual(0, berth.ctl("reload").returncode)

        wait_until(self.refused, "the port is closed")
        self.assertFalse(path.exists())

    def test_a_unit_that_is_stopped_refuses(self):
        self.app()
        berth = self.boot()
        self.ask()

        self.assertEqual(0, berth.ctl("stop", "app").returncode)

        self.assertTrue(self.refused())
        self.assertEqual(0, berth.ctl("start", "app").returncode)
        self.assertIn("app ", self.ask())


class Demand(Sockets):
    def test_the_first_connection_starts_it_and_silence_stops_it(self):
        self.app(unit='start = "demand"', service='idle_timeout = "300ms"',
                 env='START_DELAY = "0.1"')
        berth = self.boot()
        berth.wait_for_state("app", "inactive")

        first = self.ask()
        berth.wait_for_state("app", "inactive")
        berth.wait_for_line(r"idle for 300ms")
        second = self.ask()

        self.assertNotEqual(first, second)

    def test_whoever_is_connected_keeps_it(self):
        for address, family, where in (
                (f"127.0.0.1:{self.port}", socket.AF_INET, ("127.0.0.1", self.port)),
                (f"unix:{self.path('app.sock')}", socket.AF_UNIX, str(self.path("app.sock")))):
            self.app(address, unit='start = "demand"', service='idle_timeout = "200ms"')
            berth = self.boot()
            with socket.socket(family) as client:
                wait_until(lambda: client.connect_ex(where) == 0, "it takes the connection")
                berth.wait_for_state("app", "running")
                started = berth.status("app")["main_pid"]
                end = time.monotonic() + 1
                wait_until(lambda: time.monotonic() > end, "five times the limit is over")
                status = berth.status("app")
                self.assertEqual(("running", started), (status["state"], status["main_pid"]))
            berth.wait_for_state("app", "inactive")
            berth.stop()

    def test_a_connection_during_the_stop_is_served_by_the_next_life(self):
        self.app(unit='start = "demand"', service='stop_timeout = "1s"', env='IGNORE_TERM = "1"')
        berth = self.boot()
        first = self.ask()
        stop = threading.Thread(target=berth.ctl, args=("stop", "app"))
        stop.start()
        berth.wait_for_state("app", "stopping")
        server = berth.wait_for_process("tenant.py").pid
        os.kill(server, signal.SIGSTOP)
        wait_until(lambda: process_of(server).state == "T", "it takes no further one")

        second = self.ask()
        stop.join()

        self.assertNotEqual(first, second)

    def test_one_that_is_needed_is_not_idle(self):
        self.app(unit='start = "demand"', service='idle_timeout = "100ms"')
        self.service("other", ["sleep", "4711"], unit='requires = ["app"]')
        berth = self.boot()
        berth.wait_for_state("other", "running")
        end = time.monotonic() + 0.5
        wait_until(lambda: time.monotonic() > end, "five times the limit is over")
        self.assertEqual("running", berth.status("app")["state"])

        berth.ctl("stop", "other")

        berth.wait_for_state("app", "inactive")

    def test_what_cannot_start_refuses_after_some_tries(self):
        self.service("app", ["false"], unit='start = "demand"',
                     service=f'listen = "127.0.0.1:{self.port}"\nrestart_delay = "1ms"\n'
                             'restart_limit = 3')
        berth = self.boot()

        with self.assertRaises((ConnectionError, http.client.HTTPException)):
            self.ask()

        wait_until(self.refused, lambda: f"the port is closed\n{berth.output()}")
        berth.wait_for_state("app", "failed")
        berth.wait_for_line("3 starts within 1m have failed: its sockets are closed")

    def test_what_takes_no_connection_does_not_spin(self):
        self.service("app", ["true"], unit='start = "demand"',
                     service=f'listen = "127.0.0.1:{self.port}"')
        berth = self.boot()

        with self.assertRaises((ConnectionError, http.client.HTTPException)):
            self.ask()

        reason = berth.wait_for_state("app", "failed")["reason"]
        self.assertIn("more than 20 times within 2s", reason)
        self.assertTrue(self.refused())


if __name__ == "__main__":
    unittest.main()
