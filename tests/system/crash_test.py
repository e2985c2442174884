# A berth whose own code breaks says where, and ends everything in an orderly way.
import os
import re
import signal
import subprocess
import unittest

from harness import BIN, SystemTest

CRASHED = 70
TOLD = "trap 'echo told >>$TRACE; exit 0' TERM\necho up >>$TRACE\nwhile :; do sleep 0.02; done"


class Crash(SystemTest):
    def boot_with(self, script=TOLD, **boot):
        self.service("a", [self.script("a", script)])
        berth = self.boot(**boot)
        self.wait_for_trace("up")
        return berth

    def test_it_says_where_and_stops_what_it_has_started(self):
        for pid1 in (True, False):
            self.write(self.path("trace"), "", 0o666)
            berth = self.boot_with(pid1=pid1)

            berth.signal(signal.SIGSEGV)

            self.assertEqual(CRASHED, berth.wait())
            self.assertEqual(["up", "told"], self.trace())
            self.assertRegex(berth.output(),
                             r"berth: crash: SIGSEGV from pid \d+ at \S+\+0x[0-9a-f]+"
                             r" of berth \S+, build [0-9a-f]{16,40}\n")
            self.assertRegex(berth.output(), r"(?m)^berth: crash:   #\d+ berth\+0x[0-9a-f]+$")
            self.assertIn("berth: crash: nothing is left, exit status 70", berth.output())

    def test_each_of_its_signals_does(self):
        for number in (signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGSYS):
            self.write(self.path("trace"), "", 0o666)
            berth = self.boot_with()

            berth.signal(number)

            self.assertEqual(CRASHED, berth.wait())
            self.assertIn(f"berth: crash: {number.name} from pid", berth.output())
            self.assertEqual(["up", "told"], self.trace())

    def test_what_ignores_sigterm_is_killed(self):
        berth = self.boot_with("trap '' TERM; echo up >>$TRACE; exec sleep 4711", pid1=False)

        berth.signal(signal.SIGSEGV)

        self.assertEqual(CRASHED, berth.wait())

    def test_the_places_are_those_of_the_program(self):
        berth = self.boot_with()

        berth.signal(signal.SIGSEGV)
        berth.wait()

        places = re.findall(r"#\d+ berth\+(0x[0-9a-f]+)", berth.output())
        named = subprocess.run(["addr2line", "-f", "-C", "-e", BIN / "berth", *places],
                               capture_output=True, text=True, check=True).stdout
        self.assertIn("berth::Supervisor::run()", named)
        self.assertIn("main", named.splitlines())

    def test_a_stalled_standard_error_does_not_hold_it(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.set_blocking(writer, False)
        self.service("a", [self.script("a", TOLD)])
        berth = self.boot(stdout=writer)
        self.wait_for_trace("up")
        try:
            while True:
                os.write(writer, b"x" * 4096)
        except BlockingIOError:
            pass
        os.close(writer)

        berth.signal(signal.SIGSEGV)

        self.assertEqual(CRASHED, berth.wait(60))
        self.assertEqual(["up", "told"], self.trace())


if __name__ == "__main__":
    unittest.main()
