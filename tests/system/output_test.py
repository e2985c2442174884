# berth's standard output: whoever reads it, or does not, never stops PID 1.
import fcntl
import json
import os
import socket
import subprocess
import unittest

from harness import BIN, SystemTest, read_text, wait_until

# More than any pipe and any buffer holds.
FLOOD = "yes 'a line of no interest' | head -c 5000000; echo flooded >> $TRACE; exec sleep 4711"
ROOM_FOR_BUFFERS_KB = 10 * 1024  # half of what a flood says


def rss_kb(pid):
    return int(next(line.split()[1] for line in read_text(f"/proc/{pid}/status").splitlines()
                    if line.startswith("VmRSS")))


def rss_limit_kb():
    """What a berth takes that only tells its version, whatever it was built with, and room for buffers."""
    berth = subprocess.Popen([BIN / "berth", "--version"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(berth.pid, 0)
    berth.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss + ROOM_FOR_BUFFERS_KB


class Stalled(SystemTest):
    def boot_into_pipe(self, pid1=True):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.writer = writer
        self.addCleanup(os.close, writer)
        self.reader = reader
        return self.boot(pid1=pid1, stdout=writer)

    def test_a_pipe_that_nobody_reads_stops_neither_berth_nor_its_units(self):
        self.service("a", [self.script("flood", FLOOD)])
        berth = self.boot_into_pipe()

        self.wait_for_trace("flooded")

        berth.wait_for_process("sleep 4711")
        self.assertLess(rss_kb(berth.pid), rss_limit_kb())
        self.assertEqual(0, berth.stop())

    def test_the_descriptor_that_berth_was_given_stays_blocking(self):
        self.service("a", ["sleep", "4711"])
        berth = self.boot_into_pipe()
        berth.wait_for_process("sleep 4711")

        self.assertEqual(0, fcntl.fcntl(self.writer, fcntl.F_GETFL) & os.O_NONBLOCK)

    def test_a_socket_that_nobody_reads_stops_nobody(self):
        """A socket cannot be opened anew, unlike a pipe."""
        self.service("a", [self.script("flood", FLOOD)])
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        berth = self.boot(stdout=theirs.fileno())

        self.wait_for_trace("flooded")

        self.assertEqual(0, berth.stop())

    def test_a_pipe_whose_reader_has_gone_does_no_harm(self):
        self.service("a", [self.script("flood", FLOOD)])
        reader, writer = os.pipe()
        os.close(reader)
        berth = self.boot(stdout=writer)
        os.close(writer)

        self.wait_for_trace("flooded")

        self.assertEqual(0, berth.stop())

    def test_a_full_disk_stops_nobody(self):
        self.service("a", [self.script("flood", FLOOD)])
        with open("/dev/full", "wb", buffering=0) as full:
            berth = self.boot(stdout=full)

        self.wait_for_trace("flooded")

        self.assertEqual(0, berth.stop())

    def test_what_is_dropped_is_counted_when_the_reader_comes_back(self):
        self.service("a", [self.script("flood", FLOOD.replace("exec", "echo the last line; exec"))])
        berth = self.boot_into_pipe()
        self.wait_for_trace("flooded")
        berth.wait_for_process("sleep 4711")

        os.set_blocking(self.reader, False)
        text = ""

        def read():
            nonlocal text
            try:
                text += os.read(self.reader, 1 << 20).decode(errors="replace")
            except BlockingIOError:
                pass
            return "dropped" in text
        wait_until(read, "the number of dropped lines")


class Lines(SystemTest):
    def boot_saying(self, text, **service):
        self.service("a", [self.script("say", text + "\nexec sleep 4711")], **service)
        berth = self.boot()
        berth.wait_for_process("sleep 4711")
        return berth

    def test_a_flood_costs_berth_no_memory(self):
        berth = self.boot_saying("yes 0123456789 | head -c 5000000")

        self.assertLess(rss_kb(berth.pid), rss_limit_kb())

    def test_both_streams_carry_the_unit_in_front(self):
        berth = self.boot_saying("echo out; echo err >&2")

        berth.wait_for_line(r"^\[a[^]]*\] out$")
        berth.wait_for_line(r"^\[a[^]]*\] err$")

    def test_the_last_words_without_an_end_of_line_are_kept(self):
        self.service("a", [self.script("die", "printf 'why it died'; exit 1")],
                     service="restart_limit = 1")

        berth = self.boot()

        berth.wait_for_line("why it died$")
        berth.wait_for_line("a: failed")

    def test_a_line_without_an_end_is_bounded(self):
        berth = self.boot_saying("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo after")

        berth.wait_for_line(r"\] after$")
        self.assertLess(rss_kb(berth.pid), rss_limit_kb())

    def test_bytes_that_are_no_text_do_no_harm(self):
        berth = self.boot_saying("head -c 200000 /dev/urandom; echo; echo after")

        berth.wait_for_line(r"\] after$")

    def test_no_unit_starves_another(self):
        self.service("flood", ["yes"], rest='[log]\nformat = "none"')
        berth = self.boot_saying("sleep 0.3; echo heard")

        berth.wait_for_line(r"\] heard$")
        self.assertEqual(0, berth.stop())

    def test_a_json_line_is_json(self):
        berth = self.boot_saying("echo 'a \"quoted\" word'", rest='[log]\nformat = "json"')

        line = berth.wait_for_line(r"^\{.*quoted.*\}$").group()
        self.assertEqual('a "quoted" word', json.loads(line)["message"])
        self.assertEqual("a", json.loads(line)["source"])


if __name__ == "__main__":
    unittest.main()
