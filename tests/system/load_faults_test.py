# Load with faults: tenants are killed, the proxy is killed, all is reloaded and restarted under
# load. Nobody gets a wrong answer, nobody loses more than what was in flight on a killed process,
# and afterwards the memory is what it was.
import os
import random
import re
import signal
import time
import unittest

from clients import Download, KeptAlive, Load, WebSocket
from harness import SANITIZED, children_of, kill, process_of, wait_until
from proxied import TenantTest

SECONDS = float(os.environ.get("BERTH_CHAOS_SECONDS", "15"))
SEED = int(os.environ.get("BERTH_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
RECOVERY = 60.0
TENANTS = ("north", "east", "south", "west")
PROXY = "berth-proxy --control"
RELOADS = 1.0  # seconds between two
GROWTH = 12_000 if SANITIZED else 600  # KB that a process may have gained
DYING = 0.25  # seconds between a SIGKILL and the end of its victim, on a busy machine


def private_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(size) for size in re.findall(r"^Private_\w+: +(\d+)", file.read(), re.M))


class Faults(TenantTest):
    def deploy(self):
        self.proxy('stop_timeout = "4s"')
        self.template('restart_delay = "10ms"\nhold = "20s"')
        self.instances(*TENANTS)
        berth = self.boot_web()
        for name in TENANTS:
            self.get_ok(f"/{name}/")
        return berth

    def proxies(self, berth):
        found = [process_of(pid) for pid in children_of(berth.pid)]
        return [each.pid for each in found if each and PROXY in each.command]

    def tenants(self, berth):
        """Those that are up, by name."""
        return {unit["name"].partition("@")[2]: unit["main_pid"]
                for unit in berth.ctl_json("status", *(f"app@{name}" for name in TENANTS))
                if unit["state"] == "running"}

    def host_pid(self, berth, inner):
        return next((each.pid for each in berth.processes("tenant.py")
                     if each.inner_pid() == inner), None)

    def torment(self, berth):
        """What was killed when: (time, name of a tenant, or "" for the proxy)."""
        dice = random.Random(SEED)
        end = time.monotonic() + SECONDS
        kills, reload_at, round_number = [], 0.0, 0
        while time.monotonic() < end:
            if time.monotonic() >= reload_at:
                reload_at = time.monotonic() + RELOADS
                round_number += 1
                self.instances(*TENANTS, f"more-{round_number % 3}")  # what it changes
                berth.signal(signal.SIGHUP)
            choice = dice.choice(("tenant", "tenant", "proxy", "restart"))
            if choice == "restart":
                self.assertEqual(0, berth.ctl("--no-wait", "restart", "web").returncode)
            elif choice == "proxy":
                pid = dice.choice(self.proxies(berth) or [0])
                if pid:
                    kill(pid)
                    kills.append((time.monotonic(), ""))
            else:
                name, inner = dice.choice(sorted(self.tenants(berth).items()) or [("", 0)])
                pid = self.host_pid(berth, inner)
                if pid:
                    kill(pid)
                    kills.append((time.monotonic(), name))
            time.sleep(dice.uniform(0, 0.4))
        return kills

    @staticmethod
    def unexcused(lost, kills):
        """Those that have lost neither the proxy behind their connection nor their tenant."""
        def excused(each):
            since = {"": each.connected, each.tenant: each.begin}
            return any(victim in since and since[victim] - DYING <= when <= each.end
                       for when, victim in kills)
        return [each for each in lost if not excused(each)]

    def settle(self, berth):
        for name in TENANTS:
            self.wait_until_served(f"/{name}/", RECOVERY)
        wait_until(lambda: len(self.proxies(berth)) == 1, "one proxy", RECOVERY)

    def test_nothing_is_wrong_and_little_is_lost(self):
        print(f"BERTH_CHAOS_SEED={SEED}", flush=True)
        berth = self.deploy()
        with Load(self.port, TENANTS, (KeptAlive,)):
            time.sleep(1)  # what serving needs is there
        memory = private_kb(berth.pid)
        proxy_memory = private_kb(self.proxies(berth)[0])

        with Load(self.port, TENANTS, (KeptAlive, KeptAlive, Download, WebSocket)) as load:
            kills = self.torment(berth)
            self.settle(berth)

        self.assertEqual([], load.wrong())
        lost = self.unexcused(load.lost(), kills)
        self.assertEqual([], lost, (kills, berth.output()[-5000:]))
        self.assertGreater(len(kills), SECONDS / 2)
        self.assertGreater(load.answered(), 5 * SECONDS)
        print(f"{len(kills)} killed, {load.answered()} answered, {len(load.lost())} lost")
        self.assertNotRegex(berth.output(), r"bug:|crash:|something was given up|malformed")
        wait_until(lambda: private_kb(berth.pid) < memory + GROWTH,
                   lambda: f"PID 1 had {memory} KB, now {private_kb(berth.pid)}")
        wait_until(lambda: private_kb(self.proxies(berth)[0]) < proxy_memory + GROWTH,
                   lambda: f"the proxy had {proxy_memory} KB, "
                           f"now {private_kb(self.proxies(berth)[0])}")
        self.assertEqual(0, berth.stop())


if __name__ == "__main__":
    unittest.main()
