# Under load, something that is not PID 1 is killed every few milliseconds, whatever it is: when that
# is over, all is as it was.
import http.client
import os
import random
import threading
import time
import unittest

from harness import kill, process_of, wait_until
from proxied import TenantTest

SECONDS = float(os.environ.get("BERTH_CHAOS_SECONDS", "15"))
SEED = int(os.environ.get("BERTH_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
LONGEST_PAUSE = 0.1  # seconds between two kills
RECOVERY = 60.0
TENANTS = ("north", "east", "south", "west")
UNITS = ("web", "store", "worker", "sync", *(f"app@{name}" for name in TENANTS))
# Workers below a main process, one of which has left the session.
WORKERS = 'setsid sleep 4712 & sleep 4712 & echo "$BERTH_UNIT works"; exec sleep 4711'
OFTEN = 'restart_delay = "10ms"\nrestart_limit = 1000000'


class Chaos(TenantTest):
    def deploy(self):
        self.proxy()
        self.template(OFTEN)
        self.instances(*TENANTS)
        for name, after in (("store", ""), ("worker", 'after = ["store"]\nwants = ["store"]')):
            self.service(name, [self.script(name, WORKERS)], unit=after, service=OFTEN)
        self.unit("sync", '[job]\nsteps = [["sh", "-c", "sleep 0.05 & wait"]]\nevery = "300ms"\n'
                          'retries = 1000000\nretry_delay = "10ms"')
        berth = self.boot()
        for name in ("web", "store", "worker"):
            berth.wait_for_state(name, "running")
        berth.close_feed()
        return berth

    def load(self, over):
        """Requests and questions until the event is set. What comes back does not matter."""
        def request(name):
            while not over.is_set():
                try:
                    self.get(f"/{name}/", timeout=5)
                except (OSError, http.client.HTTPException):
                    time.sleep(0.01)

        def ask():
            while not over.is_set():
                self.berths[-1].ctl("status")
        return [threading.Thread(target=request, args=(name,)) for name in TENANTS] + [
            threading.Thread(target=ask)]

    def kill_at_random(self, berth):
        """How many were killed."""
        dice = random.Random(SEED)
        end = time.monotonic() + SECONDS
        killed = 0
        while time.monotonic() < end:
            victims = sorted(berth.processes(), key=lambda process: process.pid)
            if victims:
                kill(dice.choice(victims).pid)
                killed += 1
            time.sleep(dice.uniform(0, LONGEST_PAUSE))
        return killed

    def unreaped(self, berth):
        """PID 1's zombies; a worker's killed children are the worker's to wait for."""
        return [zombie for zombie in berth.zombies() if zombie.parent == berth.pid]

    def strangers(self, berth):
        """Processes below berth that belong to no unit and are not berth-admin."""
        known = {pid for unit in berth.ctl_json("status", *UNITS) for pid in unit["pids"]}
        return [process for process in berth.processes()
                if "berth-admin" not in process.command and "--helper" not in process.command
                and process.inner_pid() not in known and process_of(process.pid)]

    def test_whatever_is_killed_comes_back(self):
        print(f"BERTH_CHAOS_SEED={SEED}", flush=True)
        berth = self.deploy()
        over = threading.Event()
        load = self.load(over)
        for thread in load:
            thread.start()

        killed = self.kill_at_random(berth)

        over.set()
        for thread in load:
            thread.join()
        self.assertGreater(killed, SECONDS)
        for name in ("web", "store", "worker"):
            berth.wait_for_state(name, "running", RECOVERY)
        for name in TENANTS:
            self.wait_until_served(f"/{name}/", RECOVERY)
        self.check_all_is_well(berth)
        berth.close_feed()
        self.assertEqual(0, berth.stop())

    def check_all_is_well(self, berth):
        mains = [unit["main_pid"] for unit in berth.ctl_json("status", *UNITS) if unit["main_pid"]]
        self.assertEqual(len(mains), len(set(mains)))
        wait_until(lambda: not self.unreaped(berth),
                   lambda: f"no zombie in {self.unreaped(berth)}")
        wait_until(lambda: not self.strangers(berth),
                   lambda: f"nobody in {self.strangers(berth)}\n{berth.output()[-5000:]}")
        for name in ("store", "worker"):
            self.assertEqual(1, len([process for process in berth.processes("sleep 4711")
                                     if process.inner_pid() in berth.status(name)["pids"]]))
        self.assertEqual(2, len(berth.processes("sleep 4711")))
        self.assertEqual(1, len(berth.processes("berth-proxy")))
        self.assertNotRegex(berth.output(), r"bug:|crash:|something was given up")


if __name__ == "__main__":
    unittest.main()
