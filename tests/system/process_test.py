# [process]: what a unit's processes are, what they are given, and what fails where it cannot be had.
import os
import pathlib
import pty
import pwd
import re
import signal
import unittest

from harness import SystemTest, read_text, toml, wait_until
from proxied import TenantTest

NONE = "0" * 16
NET_BIND_SERVICE = "0000000000000400"
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
WITHOUT_ROOT = ("setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups",
                "--bounding-set=-all")
SECRET = "hunter2-" + "x" * 20
LARGEST_MAPPING = 1 << 32


def environment_of(process):
    """The environment that a process was born with."""
    entries = read_text(f"/proc/{process.pid}/environ").split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)


def memory_holds(pid, text):
    """Whether `text` is anywhere in what a process has mapped."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            start, end, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            begin, size = int(start, 16), int(end, 16) - int(start, 16)
            # Terabytes are a sanitizer's notes on the memory, and hold nothing of it.
            if mode[0] != "r" or "[v" in line or size > LARGEST_MAPPING:
                continue
            memory.seek(begin)
            if text.encode() in memory.read(size):
                return True
    return False


class ProcessTest(SystemTest):
    def sleeper(self, process, name="a", **more):
        self.service(name, ["sleep", "4711"], rest=f"[process]\n{process}\n", **more)

    def secret_folder(self, **secrets):
        folder = self.path("secrets")
        folder.mkdir(0o700, exist_ok=True)
        for name, value in secrets.items():
            self.write(folder / name, value, 0o400)
        return folder

    def reason(self, berth, unit="a"):
        """Why a unit failed: the same in the log and in its status."""
        said = berth.wait_for_line(f"{unit}: failed: (.*)$").group(1)
        self.assertEqual(said, berth.wait_for_state(unit, "failed")["reason"])
        return said


class Birth(ProcessTest):
    def test_a_unit_is_born_with_what_its_file_says_and_nothing_else(self):
        """Whatever berth was started with: ignored and blocked signals, descriptors, none of 0-2."""
        self.sleeper('umask = "0027"\nnice = 3\noom_score_adj = 600\nlimits = { core = 0, nofile = "99:100" }\n'
                     'env = { A = "1" }\ninherit_env = ["LANG"]')
        berth = self.boot(wrapper=["env", "--ignore-signal=PIPE,CHLD,TTOU", "--block-signal=TERM,USR1", "sh", "-c",
                                   'exec <&- >&- 2>&- 7</etc/passwd 9</; exec "$0" "$@"'])
        child = berth.wait_for_process("sleep 4711")

        status = child.status()
        self.assertEqual([NONE] * 4, [status[key] for key in ("SigBlk", "SigIgn", "SigCgt", "ShdPnd")])
        self.assertEqual("0027", status["Umask"])
        self.assertEqual("1", status["NoNewPrivs"])
        self.assertEqual((child.pid, child.pid), (child.session, child.group))
        wait_until(lambda: sorted(os.listdir(f"/proc/{child.pid}/fd")) == ["0", "1", "2"], "only 0, 1 and 2")
        self.assertEqual("600", read_text(f"/proc/{child.pid}/oom_score_adj").strip())
        self.assertEqual(3, os.getpriority(os.PRIO_PROCESS, child.pid))
        limits = read_text(f"/proc/{child.pid}/limits")
        self.assertRegex(limits, r"Max open files +99 +100 ")
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        self.assertEqual(["A", "BERTH_UNIT", "BERTH_UNITS_DIR", "INVOCATION_ID", "LANG", "PATH"],
                         sorted(environment_of(child)))

    def test_a_unit_without_home_and_terminal_gets_none(self):
        self.sleeper("")

        self.assertEqual(set(), {"HOME", "TERM", "USER"} &
                         set(environment_of(self.boot().wait_for_process("sleep 4711"))))

    def test_a_command_may_have_another_user_than_its_unit(self):
        who = self.script("who", 'echo "$(id -un) $HOME" >> $TRACE')
        self.sleeper('user = "www-data"\nno_new_privileges = true', service="before_start = [" +
                     toml({"command": [who], "user": "root", "timeout": "20s"}) + f', {toml([who])}]')

        self.boot().wait_for_process("sleep 4711")

        self.assertEqual(["root /root", "www-data /var/www"], self.trace())

    def test_a_terminal_is_controlled_by_the_unit(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        # Open here, too: a terminal that nobody has open yet reads as an error.
        self.addCleanup(os.close, slave)
        name = os.ttyname(slave)
        self.service("a", ["sh", "-c", "tty; read line </dev/tty; echo \"got $line\"; exec sleep 4711"],
                     rest=f"[process]\ntty = {toml(name)}")
        os.write(master, b"hello\n")
        berth = self.boot()
        said = b""
        while b"got hello\r\n" not in said:
            said += os.read(master, 1000)

        self.assertIn(name.encode(), said)
        child = berth.wait_for_process("sleep 4711")
        os.write(master, b"\x03")
        berth.wait_for_line("a: killed by SIGINT")
        self.assertEqual(child.pid, child.session)
        self.assertNotIn("got hello", berth.output())

    def test_a_terminal_of_another_unit_is_not_waited_for(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        name = os.ttyname(slave)
        self.sleeper(f"tty = {toml(name)}")
        self.sleeper(f"tty = {toml(name)}", "b", unit='after = ["a"]')

        berth = self.boot()

        self.assertRegex(self.reason(berth, "b"), f"{name}.*: Operation not permitted")
        self.assertEqual("running", berth.wait_for_state("a", "running")["state"])

    def test_directories_are_given_away_with_what_is_in_them(self):
        data = self.path("data")
        (data / "sub").mkdir(parents=True)
        self.write(data / "sub" / "file", "x", 0o600)
        self.sleeper(f'user = "www-data"\ndirectories = [{{ path = {toml(str(data))}, recursive = true }}]')

        child = self.boot().wait_for_process("sleep 4711")

        owner = int(child.status()["Uid"].split()[0])
        self.assertEqual([owner] * 3, [path.stat().st_uid for path in (data, data / "sub", data / "sub" / "file")])


class Variables(ProcessTest):
    def test_files_and_secrets_are_variables_of_every_process_of_the_unit(self):
        folder = self.secret_folder(KEY=SECRET + "\n", B="secret")
        self.write(self.path("a.env"), "# for the test\nexport A='1 2'\nB=file\nPORT=1\nINVOCATION_ID=x\n", 0o600)
        show = self.script("show", 'echo "$1 $A $B ${KEY%%-*}" >> $TRACE')
        self.sleeper(f'env_file = [{toml(str(self.path("a.env")))}, "-/nonexistent"]\nsecrets = {toml(str(folder))}\n'
                     'user = "www-data"\nenv = { A = "own", C = "own" }\nrequired_env = ["A", "C", "KEY", "LANG"]',
                     service=f'before_start = [{toml([show, "before"])}]\nafter_stop = [{toml([show, "after"])}]')
        berth = self.boot()

        child = berth.wait_for_process("sleep 4711")

        self.assertEqual(("1 2", "secret", "own", SECRET, "1"),
                         tuple(environment_of(child)[name] for name in ("A", "B", "C", "KEY", "PORT")))
        self.assertNotEqual("x", environment_of(child)["INVOCATION_ID"])
        berth.ctl("stop", "a")
        self.assertEqual(["before 1 2 secret hunter2", "after 1 2 secret hunter2"], self.trace())

    def test_secrets_are_nowhere_but_in_the_unit(self):
        folder = self.secret_folder(KEY=SECRET)
        self.sleeper(f"secrets = {toml(str(folder))}")
        berth = self.boot()
        child = berth.wait_for_process("sleep 4711")
        self.assertTrue(memory_holds(child.pid, SECRET))

        self.assertFalse(memory_holds(berth.pid, SECRET))
        for arguments in (["status", "a"], ["list"], ["logs", "a"], ["memory"]):
            self.assertNotIn(SECRET, berth.ctl("--json", *arguments).stdout)
        self.assertNotIn(SECRET, berth.output())

        berth.ctl("stop", "a")
        links = [os.readlink(link) for link in pathlib.Path(f"/proc/{berth.pid}/fd").iterdir()]
        self.assertEqual([], [link for link in links if "environment" in link])

    def test_secrets_are_read_anew_for_each_start(self):
        folder = self.secret_folder(KEY="old")
        self.sleeper(f"secrets = {toml(str(folder))}")
        berth = self.boot()
        child = berth.wait_for_process("sleep 4711")
        self.assertEqual("old", environment_of(child)["KEY"])

        self.secret_folder(KEY="new")
        berth.ctl("restart", "a")

        self.assertEqual("new", environment_of(berth.wait_for_process("sleep 4711"))["KEY"])

    def test_what_is_wrong_with_files_is_the_reason_of_the_failure(self):
        self.write(self.path("bad.env"), "A=1\nhunter2\n", 0o600)
        self.write(self.path("open.env"), "A=1\n", 0o666)
        folder = self.secret_folder(**{"db-password": SECRET})
        self.sleeper(f'env_file = {toml(str(self.path("bad.env")))}', "bad")
        self.sleeper(f'env_file = {toml(str(self.path("open.env")))}', "open")
        self.sleeper(f"secrets = {toml(str(folder))}", "name")
        self.sleeper('required_env = ["LANG", "NO_SUCH", "NOR_THAT"]', "missing")
        self.sleeper('credentials = ["/nonexistent/key"]', "credential")
        berth = self.boot()

        self.assertEqual(f"{self.path('bad.env')}:2: a line must be NAME=value or a comment",
                         self.reason(berth, "bad"))
        self.assertEqual(f"env_file: {self.path('open.env')}: is writable by others: refused",
                         self.reason(berth, "open"))
        self.assertEqual(f"secrets: {folder}/db-password: \"db-password\" is no variable's name",
                         self.reason(berth, "name"))
        self.assertEqual("required_env: not set: NO_SUCH, NOR_THAT", self.reason(berth, "missing"))
        self.assertEqual("credentials: open /nonexistent/key: No such file or directory",
                         self.reason(berth, "credential"))
        self.assertNotIn("hunter2", berth.output())

    def test_credentials_are_the_users_alone_while_it_lives(self):
        self.write(self.path("key"), SECRET, 0o600)
        read = self.script("read", 'echo "$1 $(cat $CREDENTIALS_DIRECTORY/token | cut -c 1-7)" >> $TRACE')
        self.sleeper(f'user = "www-data"\ncredentials = [{toml("token:" + str(self.path("key")))}]',
                     service=f"after_start = [{toml([read, 'start'])}]\nafter_stop = [{toml([read, 'stop'])}]")
        berth = self.boot()
        child = berth.wait_for_process("sleep 4711")
        owner = int(child.status()["Uid"].split()[0])
        folder = pathlib.Path(environment_of(child)["CREDENTIALS_DIRECTORY"])

        self.assertEqual((0o40500, owner), (folder.stat().st_mode, folder.stat().st_uid))
        self.assertEqual((0o100400, owner), ((folder / "token").stat().st_mode, (folder / "token").stat().st_uid))
        self.wait_for_trace("start hunter2")
        berth.ctl("stop", "a")
        self.assertEqual("stop hunter2", self.trace()[-1])
        self.assertFalse(folder.exists())
        self.assertFalse(memory_holds(berth.pid, SECRET))


class Rights(ProcessTest):
    def test_a_user_keeps_the_capabilities_that_are_named(self):
        self.sleeper('user = "www-data"\ncapabilities = ["net_bind_service"]')

        status = self.boot().wait_for_process("sleep 4711").status()

        self.assertEqual([NET_BIND_SERVICE] * 5, [status[kind] for kind in SETS])
        self.assertEqual("1", status["NoNewPrivs"])

    def test_root_can_be_left_without_any(self):
        self.sleeper("capabilities = []")

        status = self.boot().wait_for_process("sleep 4711").status()

        self.assertEqual(("0", [NONE] * 5), (status["Uid"].split()[0], [status[kind] for kind in SETS]))

    def test_a_unit_fails_where_berth_was_not_granted_what_it_needs(self):
        self.sleeper('user = "www-data"\ncapabilities = ["net_bind_service", "sys_time"]')

        berth = self.boot(wrapper=["setpriv", "--bounding-set", "-sys_time"])

        self.assertEqual("[process] capabilities: berth itself was not granted sys_time", self.reason(berth))

    def test_a_comfort_that_is_refused_is_warned_of_once(self):
        self.sleeper('nice = -5\noom_score_adj = -500\nlimits = { nofile = "2000000000", core = 0 }',
                     service='restart_delay = "10ms"')
        berth = self.boot(wrapper=["setpriv", "--bounding-set", "-sys_nice,-sys_resource", "prlimit",
                                   "--nofile=1000:1000"])
        first = berth.wait_for_process("sleep 4711")
        os.kill(first.pid, signal.SIGKILL)
        wait_until(lambda: [each for each in berth.processes("sleep 4711") if each.pid != first.pid],
                   "another life")
        berth.wait_for_state("a", "running")

        for warning in ("[process] set limits.nofile: Operation not permitted; it goes on with the highest one allowed",
                        "[process] set nice -5: Permission denied; it goes on without",
                        "[process] set oom_score_adj -500: Permission denied; it goes on without"):
            self.assertEqual(1, berth.output().count(warning), berth.output())
        self.assertRegex(read_text(f"/proc/{berth.wait_for_process('sleep 4711').pid}/limits"),
                         r"Max open files +1000 +1000 ")
        self.assertNotIn("limits.core", berth.output())

    def test_without_root_what_protects_fails_and_the_rest_is_done(self):
        """Units are read from where nobody else can write; here, only root can."""
        self.secret_folder(KEY="x")
        self.sleeper("nice = -5", "plain")
        self.sleeper('user = "root"', "user")
        self.sleeper('groups = ["adm"]', "groups")
        self.sleeper('capabilities = ["chown"]', "capability")
        self.sleeper('user = "auto"', "auto")
        self.sleeper(f'secrets = {toml(str(self.path("secrets")))}', "secrets")
        self.folder.chmod(0o777)
        berth = self.boot(pid1=False, wrapper=WITHOUT_ROOT)

        berth.wait_for_process("sleep 4711")
        berth.wait_for_line(r"plain: \[process\] set nice -5: Permission denied; it goes on without")
        self.assertEqual('[process] user "root": berth does not run as root', self.reason(berth, "user"))
        self.assertEqual('[process] groups "adm": berth does not run as root', self.reason(berth, "groups"))
        self.assertEqual("[process] capabilities: berth itself was not granted chown",
                         self.reason(berth, "capability"))
        self.assertEqual('[process] user "auto": berth does not run as root', self.reason(berth, "auto"))
        self.assertRegex(self.reason(berth, "secrets"), "^secrets: .*Permission denied")


class ProxyUsers(TenantTest):
    def user_of_the_proxy(self, berth):
        status = berth.wait_for_process("berth-proxy --control").status()
        self.assertEqual(NONE, status["CapPrm"])
        return pwd.getpwuid(int(status["Uid"].split()[0])).pw_name

    def test_it_is_the_one_that_is_named(self):
        self.proxy('user = "www-data"')

        self.assertEqual("www-data", self.user_of_the_proxy(self.boot_web()))

    def test_without_a_name_it_is_nobody(self):
        self.proxy()

        self.assertEqual("nobody", self.user_of_the_proxy(self.boot_web()))

    def test_without_root_it_is_berths_own(self):
        self.proxy()
        self.folder.chmod(0o777)

        self.assertEqual("www-data",
                         self.user_of_the_proxy(self.boot_web(pid1=False, wrapper=WITHOUT_ROOT)))

    def test_without_root_another_one_is_refused(self):
        self.proxy('user = "nobody"')
        self.folder.chmod(0o777)
        berth = self.boot(pid1=False, wrapper=WITHOUT_ROOT)

        berth.wait_for_line(r'web: .*\[proxy\] user "nobody": berth does not run as root')
        self.assertEqual([], berth.processes("berth-proxy --control"))


class AutoUsers(TenantTest):
    def uids(self, berth):
        uids = {}
        for unit in ("a", "b"):
            self.get_ok(f"/{unit}/")
            pid = berth.status(f"app@{unit}")["main_pid"]
            process = next(each for each in berth.processes() if each.inner_pid() == pid)
            status = process.status()
            uids[unit] = status["Uid"].split()[0]
            self.assertEqual(uids[unit], status["Gid"].split()[0])
            self.assertEqual(NONE, status["CapBnd"])
        return uids

    def test_every_instance_has_a_uid_of_its_own_for_ever(self):
        self.proxy()
        self.template(rest='[process]\nuser = "auto"\nuid_range = "61500-61501"')
        self.instances("a", "b", "c")
        berth = self.boot_web()
        first = self.uids(berth)

        self.assertEqual(["61500", "61501"], sorted(first.values()))
        berth.ctl("start", "app@c")
        self.assertEqual('[process] user "auto": every uid of uid_range 61500-61501 is taken',
                         berth.status("app@c")["reason"])
        self.assertEqual(0, berth.stop())

        again = self.boot()
        wait_until(lambda: again.output().count("web: ready") == 2, "the proxy is ready once more")
        self.assertEqual(first, self.uids(again))

    def test_a_volume_keeps_the_uids_of_containers_that_come_and_go(self):
        self.config(f'[shutdown]\nstate = {toml(str(self.path("state")))}')
        self.proxy()
        self.template(rest='[process]\nuser = "auto"\nuid_range = "61500-61501"')
        self.instances("a", "b")
        berth = self.boot_web()
        self.get_ok("/b/")
        first = self.uids(berth)
        self.assertEqual("61500", first["b"])
        self.assertEqual(0, berth.stop())
        self.run_dir = self.path("another-run-dir")

        again = self.boot()
        wait_until(lambda: again.output().count("web: ready") == 2, again.output)
        self.assertEqual(first, self.uids(again))

    def test_without_its_volume_nobody_is_given_the_uid_of_somebody_else(self):
        self.config(f'[shutdown]\nstate = {toml(str(self.path("no") / "volume"))}')
        self.service("a", ["sleep", "4711"], rest='[process]\nuser = "auto"')

        berth = self.boot()

        self.assertRegex(berth.wait_for_state("a", "failed")["reason"],
                         'user "auto": mkdir .*/no/volume: No such file or directory')


if __name__ == "__main__":
    unittest.main()
