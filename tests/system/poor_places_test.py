# Places where something is missing that berth would use: it starts all the same, and says so.
import signal
import unittest

from harness import SystemTest, not_sanitized, process_of

# Its own options are there, too, so that none says that it shall not look.
NEEDS_PROC = "LeakSanitizer needs /proc, and fails the program without it"
NO_PROC = ("sh", "-c", 'mount -t tmpfs none /proc; exec "$@"', "sh")
NO_DEV = ("sh", "-c", 'mount -t tmpfs none /dev; exec "$@"', "sh")
READ_ONLY = ("sh", "-c", 'mount -o remount,bind,ro /; mount -t tmpfs -o ro none /run; '
                         'mount -t tmpfs -o ro none /dev/shm; exec "$@"', "sh")
CLOSED = ("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")
NOTHING = ("sh", "-c", 'mount -t tmpfs none /proc; mount -t tmpfs -o ro none /dev; '
                       'mount -o remount,bind,ro /; exec "$@" <&- >&- 2>&-', "sh")


class PoorPlaces(SystemTest):
    def boot_in(self, wrapper, command=("sleep", "4711")):
        self.service("a", list(command))
        berth = self.boot(wrapper=wrapper)
        berth.wait_for_process("sleep 4711")
        return berth

    @not_sanitized(NEEDS_PROC)
    def test_without_a_proc(self):
        berth = self.boot_in(NO_PROC)

        berth.wait_for_line("there is no /proc: what units leave behind is not found")
        self.assertEqual("running", berth.wait_for_state("a", "running")["state"])
        self.assertEqual(0, berth.stop())

    def test_without_devices_standard_input_is_empty(self):
        script = self.script("a", 'cat >>$TRACE; echo "read nothing" >>$TRACE; exec sleep 4711')

        berth = self.boot_in(NO_DEV, [script])

        self.assertEqual(["read nothing"], self.trace())
        self.assertEqual(0, berth.stop())

    def test_with_nothing_that_can_be_written(self):
        berth = self.boot_in(READ_ONLY)

        berth.wait_for_line("without a run dir there is no berthctl and no generated unit: .*"
                            "Read-only file system")
        self.assertEqual(0, berth.stop())

    def test_with_closed_standard_descriptors(self):
        berth = self.boot_in(CLOSED)

        self.assertEqual("running", berth.wait_for_state("a", "running")["state"])
        self.assertEqual(0, berth.stop())

    @not_sanitized(NEEDS_PROC)
    def test_with_nothing_of_all_that(self):
        berth = self.boot_in(NOTHING)

        berth.signal(signal.SIGUSR1)

        self.assertIsNotNone(process_of(berth.pid))
        self.assertEqual(0, berth.stop())

    @not_sanitized(NEEDS_PROC)
    def test_a_command_alone_with_nothing_of_all_that(self):
        berth = self.boot(wrapper=NOTHING, arguments=["--", "sleep", "4711"])

        berth.wait_for_process("sleep 4711")

        self.assertEqual(143, berth.stop())


if __name__ == "__main__":
    unittest.main()
