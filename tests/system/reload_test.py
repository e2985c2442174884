# Reloads: what changed is said key by key, and only what a process is made of replaces it.
import os
import time
import unittest

from harness import PYTHON, SANITIZED, SystemTest, toml, wait_until
from proxied import TenantTest

MANY = 1_000 if SANITIZED else 10_000
RELOAD_LIMIT = 20.0  # seconds, of a debug build on a loaded machine; the goal is one


class Reloading(SystemTest):
    def boot_ready(self, **boot):
        berth = self.boot(**boot)
        wait_until(lambda: berth.ctl("status").returncode == 0, berth.output)
        return berth

    def reload(self, berth, *options):
        done = berth.ctl("reload", *options)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout.splitlines()


class Changes(Reloading):
    def setUp(self):
        super().setUp()
        for name in ("same", "gone", "other"):
            self.service(name, ["sleep", "4711"])
        self.berth = self.boot_ready()
        for name in ("same", "gone", "other"):
            self.berth.wait_for_state(name, "running")

    def pid(self, name):
        return self.berth.status(name)["main_pid"]

    def test_a_dry_run_tells_what_a_reload_does(self):
        self.service("same", ["sleep", "4711"], unit='description = "X"',
                     service='stop_timeout = "1s"')
        self.service("other", ["sleep", "4712"], rest="[process]\nnice = 1")
        self.service("fresh", ["sleep", "4713"])
        (self.units / "gone.toml").unlink()
        before = [self.pid(name) for name in ("same", "gone", "other")]

        lines = self.reload(self.berth, "--dry-run")

        self.assertEqual(["added fresh: starts", "removed gone: stops",
                          "changed other: command, process.nice; restarts",
                          "changed same: unit.description, stop_timeout; counts at once"], lines)
        self.assertEqual(before, [self.pid(name) for name in ("same", "gone", "other")])
        self.assertEqual(lines, self.reload(self.berth))
        self.berth.wait_for_state("fresh", "running")
        self.berth.wait_for_process("sleep 4712")
        self.assertEqual(before[0], self.pid("same"))
        self.assertEqual("X", self.berth.status("same")["description"])
        wait_until(lambda: self.berth.ctl("status", "gone").returncode == 4, "it is forgotten")

    def test_a_unit_that_keeps_runs_on(self):
        self.service("same", ["sleep", "4711"], unit='on_change = "keep"')
        self.reload(self.berth)
        before = self.pid("same")
        self.service("same", ["sleep", "4712"], unit='on_change = "keep"')

        self.assertEqual(["changed same: command; counts from its next start on"],
                         self.reload(self.berth))

        self.assertEqual(before, self.pid("same"))
        self.berth.ctl("restart", "same")
        self.berth.wait_for_process("sleep 4712")

    def test_the_format_of_the_log_changes_without_a_restart(self):
        talk = self.script("talk", "while :; do echo hello; sleep 0.1; done")
        self.service("same", [talk])
        self.reload(self.berth)
        self.berth.wait_for_line(r"same.* hello$")
        before = self.pid("same")

        self.service("same", [talk], rest='[log]\nformat = "json"')
        self.reload(self.berth)

        self.berth.wait_for_line(r'^\{.*"message": ?"hello"')
        self.assertEqual(before, self.pid("same"))


class Templates(Reloading):
    def test_services_and_jobs_are_made_once_per_instance(self):
        self.unit("app@", '[service]\ncommand = ["sleep", "${seconds}"]\nvars = ["seconds"]\n'
                          'after_stop = [["sh", "-c", "echo ${instance} $KIND >> $TRACE"]]\n'
                          '[process]\nenv = { KIND = "old" }\n')
        self.unit("sync@", '[job]\ncommand = ["sh", "-c", "echo sync ${instance} >> $TRACE"]\n')
        self.unit("all", '[instances.app]\n"a/b" = { seconds = 4711 }\nc = { seconds = 4712 }\n'
                         '[instances.sync]\nx = {}\n[[instance]]\ntemplate = "app"\nname = "d"\n'
                         'vars = { seconds = 4713 }\n[instance.process.env]\nKIND = "own"\n')
        berth = self.boot_ready()
        self.wait_for_trace("sync x")
        for name in ("app@a/b", "app@c", "app@d"):
            berth.wait_for_state(name, "running")
        before = berth.status("app@c")["main_pid"]

        self.unit("all", '[instances.app]\nc = { seconds = 4712 }\ne = { seconds = 4714 }\n'
                         '[instances.sync]\nx = {}\ny = {}\n')
        self.assertEqual(["added app@e: starts", "added sync@y: starts", "removed app@a/b: stops",
                          "removed app@d: stops"], self.reload(berth))

        self.wait_for_trace("a/b old")
        self.wait_for_trace("d own")
        self.wait_for_trace("sync y")
        berth.wait_for_state("app@e", "running")
        self.assertEqual(before, berth.status("app@c")["main_pid"])
        self.assertEqual(1, self.trace().count("sync x"))


class Generated(Reloading):
    def setUp(self):
        super().setUp()
        self.out = self.path("out")
        self.out.mkdir()
        os.chown(self.out, 65534, 65534)
        self.list = self.out / "list.toml"
        self.unit("app@", '[service]\ncommand = ["sleep", "4711"]\nvars = ["owner?"]\n')

    def generator(self, text):
        """A job that writes `text` as nobody."""
        self.write(self.path("wanted"), text)
        script = self.script("gen", f"cat {self.path('wanted')} > {self.list}.new\n"
                                    f"mv {self.list}.new {self.list}")
        self.unit("gen", f'[job]\ncommand = ["{script}"]\nreload = true\n'
                         f'instances = "{self.list}"\n[process]\nuser = "65534"\n')

    def test_instances_come_from_a_job_of_another_user(self):
        self.generator('[instances.app]\na = { owner = "x" }\n')
        berth = self.boot_ready()

        berth.wait_for_state("app@a", "running")
        self.assertEqual(65534, self.list.stat().st_uid)

    def test_nothing_else_comes_from_there(self):
        self.generator('[[instance]]\ntemplate = "app"\nname = "a"\ncommand = "evil"\n')
        berth = self.boot_ready()

        berth.wait_for_line(r'list.toml:4:1: "command" is not accepted from the job "gen"')
        berth.wait_for_state("gen", "failed")
        self.assertEqual(4, berth.ctl("status", "app@a").returncode)

    def test_a_file_that_others_could_write_is_refused(self):
        self.generator('[instances.app]\na = {}\n')
        self.write(self.list, '[instances.app]\nb = {}\n', 0o666)
        os.chown(self.list, 65534, 65534)
        berth = self.boot_ready()

        berth.wait_for_line(r"list.toml: is writable by others: refused")
        berth.wait_for_state("app@a", "running")  # the job has written it anew
        self.assertEqual(4, berth.ctl("status", "app@b").returncode)


class Tenants(TenantTest):
    def test_now_stops_what_would_finish_its_life(self):
        self.proxy()
        self.template()
        self.instances("a")
        berth = self.boot_web()
        first = self.get_ok("/a/pid").body
        self.template(env={"CHANGED": "1"})
        self.assertEqual(0, berth.ctl("reload").returncode)
        self.assertEqual(first, self.get_ok("/a/pid").body)

        self.assertEqual(0, berth.ctl("reload", "--now").returncode)

        berth.wait_for_state("app@a", "inactive")
        self.assertIn("CHANGED=1", self.get_ok("/a/env").body)


class Size(Reloading):
    def instances(self, owner):
        self.unit("list", "[instances.app]\n" + "".join(
            f'"2025/city-{number}" = {{ owner = "{owner}" }}\n' for number in range(MANY)))

    def test_ten_thousand_instances_are_reloaded_quickly(self):
        self.unit("web", '[proxy]\nlisten = "127.0.0.1:0"\n')
        self.unit("app@", f"[tenant]\ncommand = {toml([PYTHON, '${owner}'])}\n"
                          'endpoint = "activated"\nvars = ["owner"]\n')
        self.instances("x")
        berth = self.boot_ready()

        for owner, line in (("x", "nothing has changed"), ("y", f"changed {MANY - 10} more")):
            self.instances(owner)
            begin = time.monotonic()
            lines = self.reload(berth)
            self.assertLess(time.monotonic() - begin, RELOAD_LIMIT)
            self.assertEqual(line, lines[-1])


if __name__ == "__main__":
    unittest.main()
