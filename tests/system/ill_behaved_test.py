# Units that do their worst to PID 1: it is bounded, it ends, and it hurts nobody else.
import signal
import unittest

from harness import PYTHON, SystemTest, read_text, wait_until

# Each process makes others for as long as the kernel lets it; none hears SIGTERM.
FORK_BOMB = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
"""
MOST_PROCESSES = 100


class ForkBomb(SystemTest):
    def boot_bomb(self):
        bomb = str(self.write(self.path("bomb.py"), FORK_BOMB))
        self.service("bomb", [PYTHON, "-S", "-E", "-B", bomb], service='stop_timeout = "200ms"',
                     rest='[process]\nuser = "games"\n'
                          f"limits = {{ nproc = {MOST_PROCESSES} }}")
        self.service("other", ["sleep", "4711"])
        berth = self.boot()
        wait_until(lambda: len(berth.processes(bomb)) > MOST_PROCESSES // 2, "it has gone off", 60)
        berth.wait_for_state("other", "running")
        berth.close_feed()
        return berth

    def test_it_is_stopped_with_all_that_it_has_become(self):
        berth = self.boot_bomb()

        self.assertEqual(0, berth.ctl("stop", "bomb", timeout=60).returncode)

        self.assertEqual(["sleep 4711"], [process.command for process in berth.processes()
                                          if "berth-admin" not in process.command])
        self.assertEqual(0, berth.stop())

    def test_it_holds_up_no_shutdown(self):
        berth = self.boot_bomb()

        self.assertEqual(0, berth.stop(60))


class Alone(SystemTest):
    def test_one_that_stops_itself_and_hears_nothing_is_killed_in_time(self):
        self.service("a", [self.script("a", "trap '' TERM; echo up >>$TRACE; kill -STOP $$\n"
                                            "while :; do sleep 0.02; done")],
                     service='stop_timeout = "200ms"')
        berth = self.boot()
        self.wait_for_trace("up")
        wait_until(lambda: any(process.state == "T" for process in berth.processes()), "it stops")

        self.assertEqual(0, berth.ctl("stop", "a").returncode)

        self.assertEqual([], berth.processes(str(self.path("a"))))

    def test_one_that_closes_its_pipes_runs_on_and_costs_nothing(self):
        self.service("a", [self.script("a", "exec >&- 2>&-; echo closed >>$TRACE\n"
                                            "exec sleep 4711")])
        berth = self.boot()
        self.wait_for_trace("closed")
        berth.wait_for_process("sleep 4711")

        def switches():
            text = read_text(f"/proc/{berth.pid}/status")
            return int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
        before = switches()
        berth.wait_for_state("a", "running")

        self.assertLess(switches() - before, 200)  # an end that is polled is thousands
        self.assertEqual(0, berth.stop())

    def test_one_that_speaks_after_its_reader_is_told_the_end_is_not_blocked(self):
        self.service("a", [self.script("a", "trap 'yes last words | head -c 500000; exit 0' TERM\n"
                                            "echo up >>$TRACE\nwhile :; do sleep 0.02; done")])
        berth = self.boot()
        self.wait_for_trace("up")

        berth.signal(signal.SIGTERM)

        self.assertEqual(0, berth.wait())
        self.assertNotIn("SIGKILL", berth.output())


if __name__ == "__main__":
    unittest.main()
