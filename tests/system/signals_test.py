# What each signal to berth does, as containers send them.
import signal
import unittest

from harness import CONTAINER_STOP, SystemTest

HEARS = """
for each in USR1 USR2 HUP WINCH RTMIN+1; do
  trap "echo $each >>$TRACE" $each
done
echo ready >>$TRACE
while :; do sleep 0.02; done
"""
POWER_OFF = 38
MACHINE_RESTART = 39


class Signals(SystemTest):
    def boot_with(self, config="", **boot):
        self.service("web", ["bash", self.script("web", HEARS)])
        if config:
            self.config(config)
        berth = self.boot(**boot)
        self.wait_for_trace("ready")
        return berth

    def test_those_that_ask_for_the_end_do(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPWR, signal.SIGQUIT, CONTAINER_STOP,
                       POWER_OFF, MACHINE_RESTART):
            for pid1 in (True, False):
                self.write(self.path("trace"), "", 0o666)
                berth = self.boot_with(pid1=pid1)

                berth.signal(number)

                self.assertEqual(0, berth.wait(), number)
                self.assertIn("shutting down: ", berth.output())

    def test_who_has_sent_it_is_said(self):
        berth = self.boot_with()

        berth.inside("sh", "-c", "kill -TERM 1")

        self.assertEqual(0, berth.wait())
        self.assertRegex(berth.output(), r"shutting down: SIGTERM from pid \d+")

    def test_the_others_do_no_harm(self):
        berth = self.boot_with()

        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGALRM,
                       signal.SIGIO, signal.SIGPIPE, signal.SIGTTOU, 34, 50, 64):
            berth.signal(number)

        self.assertEqual("running", berth.status("web")["state"])
        self.assertEqual(["ready"], self.trace())
        self.assertEqual(0, berth.stop())

    def test_the_configuration_decides(self):
        berth = self.boot_with('[signals]\nSIGUSR1 = "forward:web"\n"RTMIN+1" = "forward:web"\n'
                               'SIGTERM = "forward:web"\nSIGHUP = "forward:web"\n'
                               'SIGUSR2 = "reload"\nSIGINT = "ignore"\nSIGALRM = "shutdown"\n')

        for number, name in ((signal.SIGUSR1, "USR1"), (35, "RTMIN+1"), (signal.SIGHUP, "HUP")):
            berth.signal(number)
            self.wait_for_trace(name)
        berth.signal(signal.SIGINT)
        berth.signal(signal.SIGUSR2)
        berth.wait_for_line("SIGUSR2 from outside: reload")
        self.assertNotIn("shutting down", berth.output())
        berth.signal(signal.SIGALRM)

        self.assertEqual(0, berth.wait())
        self.assertIn("shutting down: SIGALRM", berth.output())

    def test_a_reload_changes_what_they_do(self):
        berth = self.boot_with('[signals]\nSIGUSR1 = "forward:web"\n')
        self.config('[signals]\nSIGUSR1 = "shutdown"\n')
        berth.signal(signal.SIGHUP)
        berth.wait_for_line("SIGHUP from outside: reload")
        berth.signal(signal.SIGUSR1)

        self.assertEqual(0, berth.wait())
        self.assertNotIn("USR1", self.trace())

    def test_a_unit_that_does_not_exist_is_an_error(self):
        berth = self.boot_with('[signals]\nSIGUSR1 = "forward:wbe"\n')

        berth.wait_for_line(r'berth.toml:2:11: forward to "wbe", which does not exist; '
                            r'did you mean "web"\?')
        self.assertEqual(0, berth.stop())


if __name__ == "__main__":
    unittest.main()
