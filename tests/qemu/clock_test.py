# The wall clock makes jumps: what counts time goes on, what goes by the clock follows it.
from vm import VmTest

PROGRAMS = ("sh", "cat", "grep", "date", "sleep")
FILES = {"/etc/passwd": "nobody:x:65534:65534::/:\n", "/etc/group": "nogroup:x:65534:\n"}
LOOK = """#!/bin/sh
wait_for() {
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do eval "$1" && return; sleep 1; done
  echo "IN VAIN: $1"
}
runs() { berthctl logs "$1" | grep -c RAN; }
goes_on() {
  before=$(runs often)
  wait_for '[ $(runs often) -gt $before ]'
  echo "$1: often goes on, nightly $(runs nightly), $(berthctl status slow | grep state:)"
}
goes_on "AT FIRST"
date -s "2031-05-05 12:00:00"
wait_for '[ $(runs nightly) -ge 1 ]'
goes_on "AFTER YEARS"
date -s "2030-01-10 02:59:58"
wait_for '[ $(runs nightly) -ge 2 ]'
goes_on "AFTER THE WAY BACK"
date -s "2030-01-10 02:59:58"
goes_on "A MINUTE BACK"
kill -TERM 1
"""


class Clock(VmTest):
    def test_jumps_of_the_wall_clock_move_schedules_alone(self):
        vm = self.boot(
            units={"often": '[job]\ncommand = ["sh", "-c", "echo RAN"]\nevery = "1s"\n',
                   "nightly": '[job]\ncommand = ["sh", "-c", "echo RAN"]\nschedule = "0 3 * * *"\n',
                   "slow": '[service]\ncommand = ["sleep", "4711"]\n'
                           'ready = { file = "/none", timeout = "1h" }\n',
                   "look": '[job]\ncommand = ["/look"]\n'},
            programs=PROGRAMS, files={"/look": LOOK, **FILES})

        vm.wait()

        # Thousands of nights were missed, and happen once; going back less than three hours
        # repeats nothing.
        self.assert_said(vm, "AT FIRST: often goes on, nightly 0, .*starting",
                         "AFTER YEARS: often goes on, nightly 1, .*starting",
                         "AFTER THE WAY BACK: often goes on, nightly 2, .*starting",
                         "A MINUTE BACK: often goes on, nightly 2, .*starting",
                         "reboot: Power down")
        self.assertNotIn("IN VAIN", vm.output())
