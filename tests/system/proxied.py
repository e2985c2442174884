# What the tests of tenants share: a proxy, a template, instances, and an HTTP client.
import concurrent.futures
import dataclasses
import http.client
import http.server
import random
import socket
import threading
import time

from harness import DEADLINE, SystemTest, free_port, toml, wait_until

FIRST_PORT, LAST_PORT = 20000, 32000  # below what the kernel gives out by itself


@dataclasses.dataclass
class Reply:
    status: int
    body: str
    headers: dict
    seconds: float  # from the request to the end of the reply


def free_ports(count):
    """The first of `count` ports in a row that are free now."""
    for _ in range(1000):
        first = random.randrange(FIRST_PORT, LAST_PORT)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
    raise AssertionError(f"no {count} free ports in a row")


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A server that is no unit."""

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


class TenantTest(SystemTest):
    """A berth with the proxy "web" and tenants app@NAME below /NAME/."""

    def setUp(self):
        super().setUp()
        self.port = free_port()

    def proxy(self, more=""):
        self.unit("web", f'[proxy]\nlisten = "127.0.0.1:{self.port}"\n{more}')

    def template(self, tenant="", env=None, rest="", command=None):
        """app@: `tenant` and `rest` are lines of TOML; env is added to each instance's."""
        endpoint = "" if "endpoint" in tenant else 'endpoint = "activated"\n'
        self.unit("app@", f"[tenant]\ncommand = {toml(command or self.tenant)}\n"
                          f"{endpoint}{tenant}\n"
                          f"{rest}\n[process.env]\n"
                          + "".join(f"{name} = {toml(value)}\n"
                                    for name, value in (env or {}).items()))

    def instances(self, *names, **env):
        """Declares instances; env: those of single ones, by name."""
        self.unit("list", "".join(f'[[instance]]\ntemplate = "app"\nname = "{name}"\n'
                                  f"env = {toml(env.get(name, {}))}\n" for name in names))

    def serve_elsewhere(self, address, handler):
        """Serves until the test is over; the port."""
        server = http.server.ThreadingHTTPServer(address, handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_port

    def boot_web(self, **boot):
        berth = self.boot(**boot)
        berth.wait_for_line("web: ready")
        return berth

    def get(self, path, headers=None, timeout=DEADLINE, method="GET", body=None):
        begin = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            reply = connection.getresponse()
            text = reply.read().decode(errors="replace")
            return Reply(reply.status, text, {name.lower(): value for name, value in
                                              reply.getheaders()}, time.monotonic() - begin)
        finally:
            connection.close()

    def get_ok(self, path, **options):
        reply = self.get(path, **options)
        self.assertEqual(200, reply.status, (path, reply, self.berths[-1].output()[-3000:]))
        return reply

    def get_all(self, paths, **options):
        """All at once; the replies in the same order."""
        with concurrent.futures.ThreadPoolExecutor(len(paths)) as pool:
            return list(pool.map(lambda path: self.get(path, **options), paths))

    def in_background(self, path, **options):
        """A Future of the reply."""
        pool = concurrent.futures.ThreadPoolExecutor(1)
        self.addCleanup(pool.shutdown)
        return pool.submit(self.get, path, **options)

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), DEADLINE)
        self.addCleanup(connection.close)
        return connection

    def send_raw(self, data):
        """What comes back for these bytes until the end of the connection."""
        connection = self.connect()
        connection.sendall(data)
        answer = b""
        while True:
            try:
                part = connection.recv(65536)
            except ConnectionResetError:
                part = b""
            if not part:
                return answer.decode("latin-1")
            answer += part

    def upgrade(self, path):
        """A connection after its WebSocket handshake, and the head of the answer."""
        connection = self.connect()
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n"
                           "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(65536)
            if not part:
                break
            head += part
        return connection, head.decode("latin-1")

    def wait_until_served(self, path, timeout=DEADLINE):
        return wait_until(lambda: (lambda reply: reply if reply.status == 200 else None)
                          (self.get(path)), f"200 for {path}", timeout)
