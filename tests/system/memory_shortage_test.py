# There is no memory for berth: what it was about to do is given up, PID 1 and its units go on.
import re
import signal
import unittest

from faults import FaultTest, limit_of
from harness import kill, not_sanitized, process_of, wait_until


class Memory(FaultTest):
    def take_memory_away(self, berth):
        """What it has is all that it gets."""
        limit_of(berth, "data", int(process_of(berth.pid).status()["VmData"].split()[0]) * 1024)

    @not_sanitized("AddressSanitizer ends a program whose memory is refused")
    def test_berth_goes_on_without_any_and_everything_when_there_is_some(self):
        self.service("a", ["sleep", "4711"], service='restart_delay = "10ms"\nrestart_limit = 1000')
        self.service("b", [self.script("b", "while :; do echo and so on; sleep 0.01; done")])
        berth = self.boot()
        self.wait_for_berthctl(berth)
        for turn in range(5):
            first = berth.wait_for_process("sleep 4711").pid
            for number in range(200):
                self.service(f"c{turn}-{number}", ["sleep", "4711"])
            self.take_memory_away(berth)

            berth.signal(signal.SIGHUP)
            wait_until(lambda: len(re.findall("SIGHUP", berth.output())) > turn, "it is heard")
            kill(first)
            wait_until(lambda: process_of(first) is None, "it is reaped")
            asking = self.ctl_in_background("restart", "b")
            for number in range(200):
                (self.units / f"c{turn}-{number}.toml").unlink()
            limit_of(berth, "data", "unlimited")

            asking.wait(20)
            self.wait_for_berthctl(berth)
            wait_until(lambda: berth.ctl("reload").returncode == 0, "it reloads")
        berth.wait_for_line("something was given up|Cannot allocate memory")
        berth.wait_for_process("sleep 4711")
        self.assertEqual(["running"] * 2, [berth.status(name)["state"] for name in "ab"])
        wait_until(lambda: not berth.zombies(), "nobody is a zombie")
        self.assertEqual(0, berth.stop())


if __name__ == "__main__":
    unittest.main()
