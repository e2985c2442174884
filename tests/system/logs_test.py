# Where lines go besides standard output: files, a socket; and units that wait for their reader.
import json
import os
import socket
import subprocess
import unittest

from harness import SystemTest, read_text, wait_until


class Files(SystemTest):
    def setUp(self):
        super().setUp()
        self.log = self.path("logs") / "a.log"

    def say(self, text, more="", log=None):
        self.service("a", [self.script("say", text + "\nexec sleep 4711")],
                     rest=f'[process]\nuser = "www-data"\n[log]\nfile = "{log or self.log}"\n{more}')
        return self.boot()

    def wait_for_log(self, text, path=None):
        wait_until(lambda: text in read_text(path or self.log),
                   lambda: f"{text!r} in {read_text(path or self.log)!r}\n"
                           f"{self.berths[-1].output()}")

    def test_lines_go_to_the_file_and_to_the_output(self):
        berth = self.say("echo one; echo two >&2")

        self.wait_for_log("[a] two")

        berth.wait_for_line(r"^\[a\] two$")
        self.assertRegex(read_text(self.log),
                         r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[a\] one$")
        status = self.log.stat()
        self.assertEqual((0o640, 0), (status.st_mode & 0o777, status.st_uid))
        self.assertEqual(0, berth.stop())
        self.assertIn("[berth] a: stops", read_text(self.log))

    def test_a_unit_that_is_not_in_the_output_is_in_its_file(self):
        berth = self.say("echo one", 'format = "none"')

        self.wait_for_log("[a] one")

        self.assertNotIn("one", berth.output())

    def test_a_file_is_rotated(self):
        self.say("seq 10000; echo last", 'format = "raw"\nrotate_size = "10K"\nrotate_keep = 2')

        self.wait_for_log("last")

        names = sorted(entry.name for entry in self.log.parent.iterdir())
        self.assertEqual(["a.log", "a.log.1", "a.log.2"], names)
        newest = [line for number in (".2", ".1", "")
                  for line in read_text(f"{self.log}{number}").splitlines()
                  if line.isdigit()]
        self.assertEqual([str(number) for number in range(int(newest[0]), 10001)], newest)

    def test_a_link_is_not_followed(self):
        victim = self.write(self.path("victim"), "precious")
        self.log.parent.mkdir()
        self.log.symlink_to(victim)
        berth = self.say("echo one")

        berth.wait_for_line(f"warning: log file {self.log}: {self.log} is no regular file; "
                            "lines are lost until it can be written")
        self.log.unlink()
        self.assertEqual("precious", read_text(victim))
        self.assertEqual(0, berth.stop())
        self.assertIn("[berth] a: stops", read_text(self.log))

    def test_a_full_disk_costs_lines_and_is_said_once(self):
        disk = self.path("disk")
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        gate = self.path("gate")
        berth = self.say(f"seq 100000; while ! test -e {gate}; do sleep 0.1; done; echo resumed",
                         'rotate_size = "0"', disk / "a.log")
        berth.wait_for_line("a.log: No space left on device; lines are lost")
        berth.wait_for_line(r"^\[a\] 100000$")

        os.truncate(disk / "a.log", 0)
        gate.touch()
        self.wait_for_log("resumed", disk / "a.log")

        berth.wait_for_line(r"a.log: is written again, \d+ lines are lost")
        self.assertEqual(1, berth.output().count("No space left"))

    def test_a_writer_that_is_killed_is_started_again(self):
        gate = self.path("gate")
        berth = self.say(f"echo one; while ! test -e {gate}; do sleep 0.1; done; echo two")
        self.wait_for_log("[a] one")

        os.kill(berth.wait_for_process("log-files").pid, 9)
        berth.wait_for_line("the writer of log files has ended; it is started again")
        gate.touch()

        self.wait_for_log("[a] two")


class Socket(SystemTest):
    def setUp(self):
        super().setUp()
        self.address = str(self.path("log.sock"))
        self.config(f'[log]\nsocket = "{self.address}"\n')

    def listen(self):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.settimeout(20)
        listener.bind(self.address)
        listener.listen()
        return listener

    def lines_until(self, listener, message):
        """The lines of a new connection up to that message; then it is closed."""
        connection, _ = listener.accept()
        lines = []
        with connection, connection.makefile(encoding="utf-8") as text:
            connection.settimeout(20)
            while not lines or lines[-1]["message"] != message:
                lines.append(json.loads(text.readline()))
        return lines

    def test_lines_go_there_as_json_also_if_it_comes_late_and_goes(self):
        gate = self.path("gate")
        self.service("a", [self.script("say", f"echo one; while ! test -e {gate}; do sleep 0.1; "
                                              "done; echo two; exec sleep 4711")])
        berth = self.boot()
        berth.wait_for_line(r"^\[a\] one$")
        listener = self.listen()

        lines = self.lines_until(listener, "one")
        gate.touch()
        later = self.lines_until(listener, "two")

        self.assertEqual({"@timestamp", "source", "stream", "message"}, set(lines[-1]))
        self.assertEqual(("a", "stdout"), (lines[-1]["source"], lines[-1]["stream"]))
        self.assertEqual("a", later[-1]["source"])
        self.assertEqual(0, berth.stop())


class Blocking(SystemTest):
    def test_a_unit_that_must_not_lose_lines_waits_and_berth_does_not(self):
        self.service("a", [self.script("flood", "seq 200000; echo flooded >> $TRACE; "
                                                "exec sleep 4711")],
                     rest='[log]\non_stall = "block"')
        self.service("b", ["sleep", "4712"])
        reader, writer = os.pipe()
        self.addCleanup(os.close, writer)
        berth = self.boot(stdout=writer)
        berth.wait_for_state("b", "running")
        self.assertEqual(0, berth.ctl("restart", "b").returncode)
        self.assertEqual([], self.trace())

        with open(reader, encoding="utf-8") as lines:
            numbers = []
            while not numbers or numbers[-1] != 200000:
                line = lines.readline()
                if line.startswith("[a] "):
                    numbers.append(int(line[4:]))

        self.assertEqual(list(range(1, 200001)), numbers)
        self.wait_for_trace("flooded")


class OwnLines(SystemTest):
    def test_berths_own_lines_are_json_if_all_are(self):
        self.config('[log]\nformat = "json"\n')
        self.service("a", ["sleep", "4711"])
        berth = self.boot()
        berth.wait_for_state("a", "running")
        self.assertEqual(0, berth.stop())

        lines = berth.output().splitlines()
        self.assertEqual("the end", json.loads(lines[-1])["message"])
        self.assertEqual("berth", json.loads(lines[-1])["source"])


if __name__ == "__main__":
    unittest.main()
