# Managing berth: berthctl's commands, reloads, a killed proxy, orphans, shutdown, and a second boot.
import os
import re
import signal
import threading
import time

import boot
import life
from story import check, equal, eventually

SETTLE_SECONDS = 15
SHUTDOWN_SECONDS = 9  # berth's own default, inside the ten seconds of "docker stop"
EXTRA = '# A unit that a reload brings.\n[service]\ncommand = ["sleep", "infinity"]\n'
MISSPELT = '# A unit with a mistake.\n[service]\ncomand = ["sleep", "infinity"]\n'
ORPHANS = 50
POLL_SECONDS = 0.2
IDLE_AND_MORE_SECONDS = 6  # more than boot.IDLE
PROMPT_SECONDS = 8  # less than any grace period: nobody waits for one that nothing needs


def play(story, deployment):
    story.step("list, status, logs, memory and tenants are tables and JSON", reports, deployment)
    story.step("memory has PSS and private memory per unit", memory, deployment)
    story.step("logs -f shows what is said from now on", follow, deployment)
    story.step("start keeps a tenant beyond its idle time, stop ends it", pinned, deployment)
    story.step("verify says that all is well", verify, deployment)
    story.step("restart gives the cable server a new process", restart, deployment)
    story.step("reload UNIT keeps its process", reload_unit, deployment)
    story.step("stopping redis stops what requires it, starting brings it back", stop_and_start, deployment)
    story.step("SIGHUP reads a new unit file", sighup, deployment)
    story.step("a misspelt key is refused with a suggestion, and changes nothing", misspelt, deployment)
    story.step("a killed proxy comes back, and no waiting connection is lost", proxy_killed, deployment)
    story.step("orphans are reaped and zombies are none", orphans, deployment)
    story.step("SIGTERM stops everything in order and berth exits 0", sigterm, deployment)
    story.step("a second boot has the data of the first", second_boot, deployment)
    story.step("\"berthctl shutdown\" ends it", shutdown, deployment)


def reports(deployment):
    for command in (["list"], ["status", "web"], ["status", "redis"], ["logs", "initialize"], ["tenants"]):
        check(deployment.ctl(*command).strip(), f"{command} prints nothing")
        check(deployment.ctl_json(*command), f"{command} --json is empty")
    names = {unit["name"] for unit in deployment.ctl_json("list")}
    check({"web", "redis", "cable", "initialize"} <= names, f"list has only {names}")
    check("74 tenants are ready" in deployment.ctl("logs", "initialize"), "the job's line is not in its log")


def memory(deployment):
    table = deployment.ctl("memory")
    check(all(word in table for word in ("redis", "cable", "web")), "units are missing in the table")
    measured = deployment.ctl_json("memory")
    units = {unit["name"]: unit for unit in measured["units"]}
    for name in ("redis", "cable", "web"):
        check(units[name]["pss"] > 0 and units[name]["private"] > 0, f"no figures for {name}")


def follow(deployment):
    marker = "/showcase/followed"
    with deployment.follow("web") as reader:
        found = threading.Event()

        def read():
            if any(marker in line for line in reader.stdout):
                found.set()

        threading.Thread(target=read, daemon=True).start()

        def knock():
            deployment.request(marker)
            return found.wait(POLL_SECONDS)

        try:
            eventually(knock, "the line of a request", SETTLE_SECONDS)
        finally:
            reader.kill()


def pinned(deployment):
    name = "tenant@demo"
    deployment.ctl("start", name)
    time.sleep(IDLE_AND_MORE_SECONDS)
    check(main_pid(deployment, name), "it was stopped for idleness")
    deployment.ctl("stop", name)
    equal(deployment.unit(name)["state"], "inactive", "its state after the stop")


def verify(deployment):
    deployment.ctl("verify", "--units", str(deployment.units_folder()))


def main_pid(deployment, name):
    """The main process of a unit that is running now; 0 while it is not."""
    status = deployment.unit(name)
    return status["main_pid"] if status["state"] == "running" else 0


def restart(deployment):
    before = main_pid(deployment, "cable")
    begin = time.monotonic()
    deployment.ctl("restart", "cable")
    check(time.monotonic() - begin < PROMPT_SECONDS, f"it took {time.monotonic() - begin:.1f} s")
    after = eventually(lambda: main_pid(deployment, "cable"), "cable running", SETTLE_SECONDS)
    check(after != before, "it is the same process")


def reload_unit(deployment):
    before = main_pid(deployment, "cable")
    deployment.ctl("reload", "cable")
    serving = lambda: deployment.request("/showcase/cable/action_cable.js").status == 200
    eventually(serving, "an answer of the reloaded cable server", SETTLE_SECONDS)
    equal(main_pid(deployment, "cable"), before, "its process")


def stop_and_start(deployment):
    deployment.ctl("stop", "redis")
    for name in ("redis", "cable"):
        equal(deployment.unit(name)["state"], "inactive", f"{name} after the stop")
    deployment.ctl("start", "redis")
    for name in ("redis", "cable"):
        eventually(lambda: main_pid(deployment, name), f"{name} running again", SETTLE_SECONDS)


def sighup(deployment):
    (deployment.units_folder() / "extra.toml").write_text(EXTRA)
    os.kill(deployment.pid, signal.SIGHUP)
    eventually(lambda: main_pid(deployment, "extra"), "extra running", SETTLE_SECONDS)


def misspelt(deployment):
    path = deployment.units_folder() / "extra.toml"
    before = main_pid(deployment, "extra")
    path.write_text(MISSPELT)
    for command in (["verify", "--units", str(deployment.units_folder())], ["reload"]):
        done = deployment.berthctl(*command)
        check(done.returncode != 0, f"{command[0]} accepted it")
        words = done.stdout + done.stderr
        check(re.search(r'extra\.toml:3:1:.*did you mean "command"', words, re.DOTALL), f"{command} says: {words}")
    equal(main_pid(deployment, "extra"), before, "the process of extra")
    path.unlink()
    deployment.ctl("reload")
    gone = lambda: all(unit["name"] != "extra" for unit in deployment.ctl_json("list"))
    eventually(gone, "the end of extra", SETTLE_SECONDS)


def proxy_killed(deployment):
    """Requests arrive all the time; those on connections that the killed proxy held may end, no other may."""
    refused, answered, done = [], [], threading.Event()

    def knock():
        while not done.is_set():
            try:
                answered.append(deployment.request("/up", timeout=SETTLE_SECONDS).status)
            except ConnectionRefusedError as error:
                refused.append(error)
            except OSError:
                pass  # this one was in flight
            except Exception as error:  # http.client's own errors: a reply that was cut short
                answered.append(repr(error))

    knocking = threading.Thread(target=knock)
    knocking.start()
    before = main_pid(deployment, "web")
    deployment.kill(before)
    comes_back = lambda: main_pid(deployment, "web") not in (0, before)
    try:
        eventually(comes_back, "a new proxy", SETTLE_SECONDS)
        eventually(lambda: deployment.request("/up").status == 200, "its answer", SETTLE_SECONDS)
    finally:
        done.set()
        knocking.join()
    equal(len(refused), 0, "refused connections")
    check(200 in answered, "no request was answered")
    equal(life.get(deployment, life.BOSTON).status, 200, "a tenant through the new proxy")
    return f"{answered.count(200)} requests answered meanwhile"


def orphans(deployment):
    deployment.inside("sh", "-c", f"for i in $(seq {ORPHANS}); do (sleep 0.2 & ) ; done")
    nothing_left = lambda: not any(name == "sleep" or state == "Z" for name, state, _ in deployment.processes())
    eventually(nothing_left, "the end of all orphans", SETTLE_SECONDS)


def sigterm(deployment):
    life.get(deployment, life.DISNEY)
    backup = deployment.data / "backup" / "2025-raleigh-disney.sqlite3"
    backup.unlink(missing_ok=True)
    status, seconds = deployment.stop(SHUTDOWN_SECONDS + 1)
    equal(status, 0, "berth's exit status")
    check(backup.exists(), "a tenant that was running has no back-up")
    log = deployment.log()
    places = [log.rfind(f"[berth] {name}: stopped") for name in ("tenant@2025/raleigh/disney", "cable", "redis")]
    check(-1 < places[0] < places[1] < places[2], "the log does not tell the reverse order")
    check(not deployment.is_listening(), "something still listens")
    return f"stopped in {seconds:.2f} s"


def second_boot(deployment):
    deployment.start(0, boot.IDLE)
    serving = lambda: deployment.request(life.BOSTON, user="visitor").status == 200
    eventually(serving, "the end of maintenance", SETTLE_SECONDS)
    check("Harbour master" in life.judges(deployment, life.BOSTON), "the score is lost")


def shutdown(deployment):
    deployment.ctl("shutdown")
    equal(deployment.launcher.wait(SHUTDOWN_SECONDS + 1), 0, "berth's exit status")
