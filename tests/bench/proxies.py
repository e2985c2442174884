# The three proxies in the same deployment: one backend, every request goes to it, no access log.
import contextlib

from harness import toml

import workbench
from subjects import Berth, Subject

IDLE = 300  # seconds that a silent connection stays open: longer than any measurement
CONNECTIONS = 6000  # more than any benchmark opens; a proxied one takes two descriptors


class Backend(Subject):
    """The web server behind a peer. berth runs the same one as a unit."""

    def __init__(self, bench):
        super().__init__(bench, pinned=False)
        self.port = bench.fresh_port()

    def command(self):
        return backend_command(self.bench, self.port)

    def wait_until_ready(self):
        self.wait_for_answer(self.port)


def backend_command(bench, port):
    return workbench.pinned(workbench.LOAD_CPU, [bench.program("server"), str(port)])


def berth_units(bench, port, backend_port, prefix="/"):
    """Unit files by name. What is below `prefix` goes to the backend."""
    command, address = backend_command(bench, backend_port), toml(f"127.0.0.1:{backend_port}")
    return {
        "backend": f"[service]\ncommand = {toml(command)}\naddress = {address}\n"
                   f"ready = {{ tcp = {address} }}\n",
        "web": f"[proxy]\nlisten = [{toml(f'127.0.0.1:{port}')}]\nuser = \"proxy\"\n"
               f"idle = \"{IDLE}s\"\nupstream = \"{IDLE}s\"\nmax_connections = {CONNECTIONS}\n"
               "[proxy.log]\nformat = \"none\"\n"
               f"[[proxy.route]]\nprefix = \"{prefix}\"\nunit = \"backend\"\n"}


def berth(bench, pinned=True):
    port = bench.fresh_port()
    units = berth_units(bench, port, bench.fresh_port())
    return Berth(bench, units, {"port": port}, pinned=pinned)


class Peer(Subject):
    """A proxy from Debian in the foreground, with a backend and a configuration of its own."""

    def __init__(self, bench, pinned=True):
        super().__init__(bench, pinned)
        self.port = bench.fresh_port()
        self.backend = Backend(bench)
        self.config = self.folder / "config"

    def program(self):
        """The command, in the foreground."""
        raise NotImplementedError

    def command(self):
        return self.stamped(self.program())

    def programs(self):
        return self.program()[:1]

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.backend)
            super().__enter__()
            stack.pop_all()
        return self

    def __exit__(self, *_):
        super().__exit__()
        self.backend.__exit__()

    def wait_until_ready(self):
        self.wait_for_answer(self.port)

    def all_pids(self):
        return workbench.family(self.process.pid)

    proxy_pids = all_pids


class Nginx(Peer):
    name = "nginx"

    def program(self):
        self.config.write_text(f"""
daemon off;
worker_processes 1;
pid {self.folder}/pid;
error_log stderr crit;
events {{ worker_connections {2 * CONNECTIONS}; }}
worker_rlimit_nofile {3 * CONNECTIONS};
http {{
  access_log off;
  client_body_temp_path {self.folder}/body;
  proxy_temp_path {self.folder}/temp;
  fastcgi_temp_path {self.folder}/fastcgi;
  uwsgi_temp_path {self.folder}/uwsgi;
  scgi_temp_path {self.folder}/scgi;
  keepalive_timeout {IDLE}s;
  keepalive_requests 1000000000;
  upstream backend {{
    server 127.0.0.1:{self.backend.port};
    keepalive 256;
    keepalive_requests 1000000000;
  }}
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  server {{
    listen 127.0.0.1:{self.port} backlog=4096;
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_max_temp_file_size 0;
      proxy_read_timeout {IDLE}s;
      proxy_set_header Host $http_host;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }}
  }}
}}
""")
        return ["nginx", "-p", str(self.folder), "-c", str(self.config), "-e", "stderr"]

    def end(self):
        self.process.terminate()  # the master has to end its worker


class Haproxy(Peer):
    name = "haproxy"

    def program(self):
        self.config.write_text(f"""
global
  nbthread 1
  maxconn {CONNECTIONS}
  user nobody
defaults
  mode http
  timeout connect 5s
  timeout client {IDLE}s
  timeout server {IDLE}s
  timeout tunnel {IDLE}s
  timeout http-keep-alive {IDLE}s
frontend web
  bind 127.0.0.1:{self.port} backlog 4096
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  default_backend all
backend all
  http-reuse always
  server only 127.0.0.1:{self.backend.port}
""")
        return ["haproxy", "-db", "-f", str(self.config)]


# In the order of their turns.
ALL = (berth, Haproxy, Nginx)


@contextlib.contextmanager
def together(bench):
    """All of them at once, one busy at a time."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(make(bench)) for make in ALL]
