# berthctl events: what it tells, when it ends, and that whoever does not read harms nobody.
import json
import os
import signal
import subprocess
import threading
import unittest

from harness import BIN, DEADLINE, SystemTest, wait_until

SUCCESS, FAILURE, NOT_ACTIVE, NO_SUCH_UNIT = 0, 1, 3, 4


class Events(SystemTest):

    def boot_redis(self):
        """"redis" is not started at boot; "app" requires it."""
        self.service("redis", ["sleep", "4711"], unit='start = "manual"')
        self.service("app", ["sleep", "4712"], unit='start = "manual"\nrequires = ["redis"]')
        self.service("bad", ["/does/not/exist"], unit='start = "manual"')
        berth = self.boot()
        wait_until(lambda: (self.run_dir / "admin.sock").exists(), "the admin socket")
        return berth

    def follow(self, *arguments):
        """A running `berthctl events --json`, and its first event."""
        process = subprocess.Popen(
            [BIN / "berthctl", "--run-dir", self.run_dir, "--json", "events", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8")
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, json.loads(process.stdout.readline())

    @staticmethod
    def until(process, unit, state):
        """The events up to the one that tells of that state."""
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if (events[-1].get("unit"), events[-1].get("to")) == (unit, state):
                return events
        raise AssertionError(f"{unit} did not become {state}: {events}")

    def test_every_change_of_state_is_told_in_order_with_its_reason_and_life(self):
        berth = self.boot_redis()
        process, first = self.follow()
        self.assertEqual("subscribed", first["event"])
        self.assertEqual({"app": "inactive", "bad": "inactive", "redis": "inactive"},
                         first["states"])

        self.assertEqual(SUCCESS, berth.ctl("start", "app").returncode)
        started = self.until(process, "app", "running")
        self.assertNotEqual(SUCCESS, berth.ctl("start", "bad").returncode)
        failed = self.until(process, "bad", "failed")

        states = [(event["unit"], event["to"]) for event in started]
        for unit in ("redis", "app"):
            self.assertEqual(["waiting", "preparing", "starting", "running"],
                             [state for name, state in states if name == unit])
        self.assertLess(states.index(("redis", "running")), states.index(("app", "preparing")))
        self.assertEqual("redis (waiting)", next(
            event["reason"] for event in started
            if (event["unit"], event["to"]) == ("app", "waiting")))
        times = [first["monotonic_us"]] + [event["monotonic_us"] for event in started + failed]
        self.assertEqual(sorted(times), times)
        environment = berth.wait_for_process("sleep 4712").pid
        with open(f"/proc/{environment}/environ", encoding="utf-8") as file:
            self.assertIn(f"INVOCATION_ID={started[-1]['invocation_id']}",
                          file.read().split("\0"))
        self.assertIn("/does/not/exist", failed[-1]["reason"])
        self.assertEqual(0, berth.stop())
        self.assertEqual(SUCCESS, process.wait(DEADLINE))

    def test_until_waits_for_a_state_and_is_content_with_one_that_is_reached(self):
        berth = self.boot_redis()
        process, _ = self.follow("--until", "app=running", "--until", "redis=running")
        self.assertEqual(FAILURE, berth.ctl("events", "--until", "app=running", "--timeout",
                                            "10ms").returncode)

        berth.ctl("start", "app")

        self.assertEqual(SUCCESS, process.wait(DEADLINE))
        self.assertEqual(SUCCESS, berth.ctl("events", "--until", "app=failed,running").returncode)
        self.assertEqual(NO_SUCH_UNIT, berth.ctl("events", "--until", "ap=running").returncode)

    def test_the_feed_outlives_berth_admin(self):
        berth = self.boot_redis()
        process, _ = self.follow()
        berth.wait_for_state("redis", "inactive")

        os.kill(berth.wait_for_process("berth-admin").pid, signal.SIGKILL)
        berth.wait_for_line("berth-admin ended")
        berth.ctl("start", "redis")

        self.until(process, "redis", "running")
        berth.wait_for_state("redis", "running")

    def test_a_reader_that_stops_loses_events_and_holds_up_nobody(self):
        crowd = [f"crowd{number}" for number in range(40)]
        for name in crowd:
            self.service(name, ["sleep", "4713"], unit='start = "manual"')
        berth = self.boot_redis()
        process, _ = self.follow()
        process.send_signal(signal.SIGSTOP)

        # Seven changes of about 90 bytes for each of the crowd; a pipe has 64 KiB.
        for _ in range(4):
            self.assertEqual(SUCCESS, berth.ctl("start", *crowd, timeout=60).returncode)
            self.assertEqual(SUCCESS, berth.ctl("stop", *crowd, timeout=60).returncode)
        process.send_signal(signal.SIGCONT)
        # The gap is told before the next event that there is room for: redis is to have one.
        events = []
        reader = threading.Thread(
            target=lambda: events.extend(map(json.loads, process.stdout)), daemon=True)
        reader.start()

        def gap_is_told():
            self.assertEqual(SUCCESS, berth.ctl("start", "redis").returncode)
            self.assertEqual(SUCCESS, berth.ctl("stop", "redis").returncode)
            seen = list(events)
            return seen if (any(event["event"] == "dropped" for event in seen) and
                            seen[-1].get("to") == "inactive") else None

        seen = wait_until(gap_is_told, lambda: f"a gap is told: {events[-10:]}")
        told = sum(event["event"] == "state" for event in seen)
        dropped = sum(event.get("count", 0) for event in seen)
        self.assertGreater(dropped, 0)
        self.assertEqual(0, (told + dropped) % 7, (told, dropped))
        self.assertGreaterEqual(told + dropped, 4 * 7 * len(crowd))
        process.kill()
        reader.join()

    def test_failed_units_are_listed_for_programs_and_forgotten_on_demand(self):
        berth = self.boot_redis()
        self.assertEqual((SUCCESS, FAILURE), (berth.ctl("list", "--failed").returncode,
                                              berth.ctl("is-failed").returncode))
        berth.ctl("start", "bad")
        berth.wait_for_state("bad", "failed")

        listed = berth.ctl("list", "--failed", "--json")
        self.assertEqual(NOT_ACTIVE, listed.returncode)
        self.assertEqual(["bad"], [unit["name"] for unit in json.loads(listed.stdout)])
        self.assertEqual((SUCCESS, NOT_ACTIVE), (berth.ctl("is-failed", "bad").returncode,
                                                 berth.ctl("is-active", "bad").returncode))

        self.assertEqual(SUCCESS, berth.ctl("reset-failed").returncode)
        berth.wait_for_state("bad", "inactive")
        self.assertEqual(SUCCESS, berth.ctl("list", "--failed").returncode)


if __name__ == "__main__":
    unittest.main()
