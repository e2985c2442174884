# Runs the benchmarks by name and prints their figures as one table. tests/bench/run calls it.
import argparse
import pathlib
import subprocess
import sys

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import bodies
import boot
import connections
import fanout
import inits
import machine
import memory
import ondemand
import proxy
import reaping
import table
import workbench

BENCHMARKS = {module.__name__: module.measure for module in
              (memory, proxy, bodies, connections, boot, ondemand, reaping, fanout,
               inits)}


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run",
                                     description="Measures berth beside its peers.")
    parser.add_argument("names", metavar="NAME", nargs="*",
                        help=f"which of {', '.join(BENCHMARKS)}; all of them if none is named")
    parser.add_argument("--runs", type=int, default=5, help="how often each figure is taken (5)")
    parser.add_argument("--markdown", action="store_true", help="print the table of README.md")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in BENCHMARKS]
    if unknown or chosen.runs < 1:
        parser.error(f"no benchmark {unknown[0]}" if unknown else "--runs must be at least 1")
    return chosen


def main():
    chosen = arguments()
    bench = workbench.Workbench(chosen.runs)
    rows = []
    for name, measure in BENCHMARKS.items():
        if not chosen.names or name in chosen.names:
            print(f"{name} …", file=sys.stderr, flush=True)
            workbench.enter_fresh_network()
            rows += measure(bench)
    print(table.markdown(rows) if chosen.markdown else table.text(rows))
    print(f"\n{machine.describe(chosen.runs, boot.BOOTS)}")


try:
    main()
except (RuntimeError, subprocess.CalledProcessError) as error:
    sys.exit(f"bench: {error}")
