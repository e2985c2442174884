# What the admin sees of the graph and of time: plan, graph, blame, critical-chain.
import subprocess
import unittest

from harness import BIN, SystemTest, wait_until

SUCCESS, NOT_ACTIVE = 0, 3


class Plan(SystemTest):

    def write_units(self):
        """app requires redis and comes after a job that lasts until "go" is there."""
        self.service("redis", ["sleep", "4711"])
        job = self.script("job", f"until [ -e {self.path('go')} ]; do sleep 0.05; done")
        self.unit("initialize", f'[job]\ncommand = ["{job}"]\n')
        self.service("app", ["sleep", "4712"],
                     unit='requires = ["redis"]\nafter = ["initialize"]')
        self.service("manual", ["sleep", "4713"], unit='requires = ["redis"]\nstart = "manual"')

    def boot_all(self):
        """A berth that has booted; the job ended long after redis was up."""
        berth = self.boot()
        berth.wait_for_process("sleep 4711")
        berth.wait_for_state("redis", "running")
        self.assertEqual("boot, which is not over",
                         berth.ctl("critical-chain").stdout.splitlines()[2])
        self.write(self.path("go"), "")
        berth.wait_for_state("app", "running")
        return berth

    def offline(self, *arguments):
        done = subprocess.run([BIN / "berthctl", *arguments, "--units", self.units, "--run-dir",
                               self.run_dir], capture_output=True, text=True, check=False)
        self.assertEqual((SUCCESS, ""), (done.returncode, done.stderr))
        return done.stdout

    def test_a_plan_of_unit_files_is_what_the_boot_then_does(self):
        self.write_units()
        self.assertEqual(
            "RANK  UNIT        WHAT    WHY\n"
            "   1  initialize  starts  starts at boot\n"
            "   1  redis       starts  starts at boot, required by app\n"
            "   2  app         starts  starts at boot\n"
            "\nthe boot would start 3 units in 2 ranks\n",
            self.offline("plan"))
        self.assertIn('"app" -> "redis";', self.offline("graph", "app"))

        berth = self.boot_all()

        self.assertEqual({"redis": "up", "initialize": "done", "app": "up"},
                         {step["unit"]: step["action"]
                          for step in berth.ctl_json("plan")["steps"]})
        plan = berth.ctl_json("plan", "manual")
        self.assertEqual([("redis", 0, "up"), ("manual", 1, "start")],
                         [(step["unit"], step["rank"], step["action"]) for step in plan["steps"]])
        graph = berth.ctl("graph").stdout
        self.assertIn('"app" [label="app\\nrunning", shape=box, fillcolor=palegreen];', graph)
        self.assertIn('"app" -> "initialize" [style=dotted];', graph)
        self.assertIn('"manual" [label="manual\\ninactive"', graph)

    def test_what_conflicts_stops_first_in_a_plan_and_is_red_in_a_graph(self):
        self.service("blue", ["sleep", "4711"])
        self.service("green", ["sleep", "4712"], unit='conflicts = ["blue"]\nstart = "manual"')
        berth = self.boot()
        berth.wait_for_state("blue", "running")

        plan = berth.ctl_json("plan", "green")

        self.assertEqual([("green", "start")],
                         [(step["unit"], step["action"]) for step in plan["steps"]])
        self.assertEqual([{"unit": "blue", "why": "conflicts with green"}], plan["stops"])
        red = '"blue" -> "green" [color=red, dir=none, constraint=false];'
        self.assertIn(red, berth.ctl("graph").stdout)
        self.assertIn(red, self.offline("graph"))

    def test_blame_and_critical_chain_find_what_was_slow(self):
        self.write_units()
        berth = self.boot_all()

        booted = wait_until(lambda: berth.ctl_json("critical-chain")["booted_us"],
                            "the boot is over")
        blamed = berth.ctl_json("blame")
        self.assertEqual("initialize", blamed[0]["unit"])
        times = {time["unit"]: time for time in blamed}
        self.assertEqual({"app", "redis", "initialize"}, set(times))
        self.assertGreater(times["app"]["waited_us"], times["redis"]["waited_us"])
        self.assertTrue(all(time["ready"] for time in blamed))
        chain = berth.ctl_json("critical-chain")["chain"]
        self.assertEqual(["app", "initialize"], [each["unit"] for each in chain])
        self.assertEqual(times["initialize"]["took_us"], chain[1]["took_us"])
        self.assertLess(chain[1]["at_us"], chain[0]["at_us"])
        self.assertLessEqual(chain[0]["at_us"], booted)
        self.assertEqual(NOT_ACTIVE, berth.ctl("critical-chain", "manual").returncode)

        # The boot stays what it was when a unit is started later.
        berth.ctl("start", "manual")
        self.assertEqual(chain, berth.ctl_json("critical-chain")["chain"])
        later = berth.ctl_json("critical-chain", "manual")["chain"]
        self.assertEqual(["manual"], [each["unit"] for each in later])


if __name__ == "__main__":
    unittest.main()
