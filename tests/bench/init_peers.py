# Other inits and supervisors with the same services, each as PID 1 of a namespace: Debian's s6, runit,
# supervisor and tini, and dinit where somebody has installed it.
"""None of them is measured through a tool of its own: the services write down when they run."""
import shutil
import signal

import workbench
from subjects import Namespaced


class Services:
    """What every init is to run: `count` copies of a command, which the environment tells more."""

    def __init__(self, bench, count, record, lines=0, chain=False):
        self.count = count
        self.command = bench.program("sleeper")
        self.environment = {"SLEEPER_FILE": str(record), "SLEEPER_LINES": str(lines)}
        self.chain = chain  # each needs the one before it

    def names(self):
        return [f"service-{number:04}" for number in range(self.count)]

    def with_needs(self):
        """Each name, and the one that it needs or None."""
        names = self.names()
        return zip(names, [None, *names[:-1]] if self.chain else [None] * self.count)


def is_service(pid):
    """Whether it is a sleeper, by whichever name it was executed."""
    return workbench.name_of(pid) in ("sleeper", "run")


def services_of(subject):
    return [pid for pid in workbench.family(subject.pid) if is_service(pid)]


def own_pids(subject):
    """The processes of the init itself, its helpers included."""
    return [pid for pid in workbench.family(subject.pid) if not is_service(pid)]


class Init(Namespaced):
    """An init with Services in folder/services. It costs what all of its own processes cost."""

    has_order = False  # it starts one service after another that it needs
    keeps_up = True  # it reaps orphans as they come

    def __init__(self, bench, services):
        super().__init__(bench, pinned=False)
        self.services = services
        self.service_folder = self.folder / "services"
        self.service_folder.mkdir()
        self.configure()

    def configure(self):
        """Writes what the init reads."""
        raise NotImplementedError

    def arguments(self):
        raise NotImplementedError

    def init_command(self):
        variables = [f"{name}={value}" for name, value in self.services.environment.items()]
        return ["env", *variables, shutil.which(self.comm), *self.arguments()]

    @classmethod
    def is_here(cls):
        return shutil.which(cls.comm) is not None


class Dinit(Init):
    name = comm = "dinit"
    has_order = True

    def configure(self):
        for name, needed in self.services.with_needs():
            needs = f"depends-on = {needed}\n" if needed else ""
            # Its own kind of log that can be asked for, as berth's.
            (self.service_folder / name).write_text(
                f"type = process\ncommand = {self.services.command}\nlog-type = buffer\n"
                f"restart = true\nsmooth-recovery = true\nrestart-delay = 0\n{needs}")
        (self.service_folder / "boot").write_text(
            "type = internal\n" + "".join(f"waits-for = {name}\n" for name in self.services.names()))

    def arguments(self):
        return ["--container", "--quiet", "--services-dir", str(self.service_folder),
                "--socket-path", str(self.folder / "socket")]


class RunScripts(Init):
    """A folder a service, in which `run` is the program."""

    def configure(self):
        for name in self.services.names():
            (self.service_folder / name).mkdir()
            (self.service_folder / name / "run").symlink_to(self.services.command)


class S6(RunScripts):
    name, comm = "s6", "s6-svscan"

    def arguments(self):
        return ["-c", str(self.services.count + 10), str(self.service_folder)]


class Runit(RunScripts):
    name, comm = "runit", "runsvdir"
    stop_signal = signal.SIGHUP  # what it passes on to its services as TERM

    def arguments(self):
        return ["-P", str(self.service_folder)]


class Supervisord(Init):
    name = comm = "supervisord"
    keeps_up = False  # a hundred a turn: after two minutes it is not done with 20,000

    def configure(self):
        lines = [f"[supervisord]\nnodaemon=true\nuser=root\nminfds=8192\nlogfile=/dev/null\n"
                 f"logfile_maxbytes=0\npidfile={self.folder}/pid\n"]
        for name in self.services.names():
            lines.append(f"[program:{name}]\ncommand={self.services.command}\n"
                         "stdout_logfile=NONE\nredirect_stderr=true\n")
        lines.append(f"[group:all]\nprograms={','.join(self.services.names())}\n")
        (self.folder / "supervisord.conf").write_text("".join(lines))

    def arguments(self):
        return ["-c", str(self.folder / "supervisord.conf")]


PEERS = (Dinit, S6, Runit, Supervisord)
