# Jobs that requests start: the body in, the output out, and what ends them.
import hashlib
import http.client
import os
import signal
import socket
import struct
import unittest

from harness import DEADLINE, toml, wait_until
from proxied import TenantTest

MEGABYTE = 1024 * 1024


class CgiJobs(TenantTest):
    def boot_job(self, script, job="", route="", more="", rest="", unit=""):
        """A job that is this shell script, at /admin."""
        self.unit("update", f"[unit]\n{unit}\n[job]\ncommand = {toml(['sh', '-c', script])}\n"
                            f'interface = "cgi"\n{job}\n{rest}')
        self.proxy(f'{more}[[proxy.route]]\nprefix = "/admin"\njob = "update"\n{route}')
        return self.boot_web()

    def post(self, path="/admin", body="", **options):
        return self.get(path, method="POST", body=body, **options)

    def open(self, path="/admin", body=b""):
        """A connection that has sent its request."""
        connection = self.connect()
        connection.settimeout(DEADLINE)
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
                           "\r\n".encode() + body)
        return connection

    def read_until(self, connection, text):
        got = b""
        while text not in got:
            part = connection.recv(65536)
            self.assertTrue(part, got)
            got += part
        return got

    def test_body_in_output_out(self):
        self.boot_job('echo "Content-Type: text/html"; echo "X-Way: $REQUEST_METHOD $PATH_INFO"; '
                      'echo; printf "<p>"; cat; echo "for $QUERY_STRING"')
        reply = self.post("/admin/x/y?z=1", "the body ")

        self.assertEqual((200, "<p>the body for z=1\n"), (reply.status, reply.body))
        self.assertEqual("text/html", reply.headers["content-type"])
        self.assertEqual("POST /x/y", reply.headers["x-way"])

    def test_devices_by_name_for_another_user(self):
        self.boot_job('cat /dev/stdin > /dev/stdout; id -u', rest='[process]\nuser = "daemon"\n')

        self.assertEqual("hello\n1\n", self.post(body="hello\n").body)

    def test_a_chunked_body_of_any_size(self):
        self.boot_job("sha256sum")
        block = bytes(range(256)) * 4096
        digest = hashlib.sha256()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        self.addCleanup(connection.close)

        def blocks():
            for _ in range(20):
                digest.update(block)
                yield block

        connection.request("POST", "/admin", body=blocks(), encode_chunked=True)
        reply = connection.getresponse()

        self.assertEqual(f"{digest.hexdigest()}  -\n", reply.read().decode())
        self.assertEqual("text/plain; charset=utf-8", reply.headers["Content-Type"])

    def test_output_comes_as_it_is_printed(self):
        self.boot_job("echo step one; read line; echo after $line; cat")
        connection = self.connect()
        connection.settimeout(DEADLINE)
        connection.sendall(b"POST /admin HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.read_until(connection, b"step one\n")
        connection.sendall(b"3\r\ngo\n\r\n")
        self.read_until(connection, b"after go\n")
        connection.sendall(b"0\r\n\r\n")
        self.read_until(connection, b"0\r\n\r\n")

    def test_large_output_to_a_slow_reader(self):
        self.boot_job("head -c 50000000 /dev/zero")
        connection = self.open()
        head = self.read_until(connection, b"\r\n\r\n")
        size = len(head)
        while True:
            part = connection.recv(MEGABYTE)
            self.assertTrue(part)
            size += len(part)
            if part.endswith(b"0\r\n\r\n"):
                break
        self.assertGreater(size, 50_000_000)

    def test_errors_are_logged_and_not_sent(self):
        berth = self.boot_job("echo oops >&2; echo fine")

        self.assertEqual("fine\n", self.post().body)
        berth.wait_for_line("update. oops")
        self.assertNotIn("[update] fine", berth.output())

    def test_a_run_at_a_time(self):
        self.boot_job("echo begun; read line; echo $line")
        first = self.connect()
        first.settimeout(DEADLINE)
        first.sendall(b"POST /admin HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")
        self.read_until(first, b"begun")

        self.assertEqual(409, self.post().status)
        first.sendall(b"go\n")
        self.read_until(first, b"0\r\n\r\n")
        self.assertEqual(200, self.post(body="x\n").status)

    def test_failures(self):
        berth = self.boot_job('case $QUERY_STRING in silent) exit 3;; loud) echo "because"; exit 3;; '
                              'said) echo "Status: 422 Unprocessable"; echo; exit 3;; '
                              'killed) kill -9 $$$$;; long) sleep 1000;; esac; echo well',
                              job='timeout = "2s"')

        self.assertEqual(500, self.post("/admin?silent").status)
        berth.wait_for_line("update: failed: exit status 3")
        loud = self.post("/admin?loud")
        self.assertEqual((200, "because\n"), (loud.status, loud.body))
        self.assertEqual(422, self.post("/admin?said").status)
        self.assertEqual(502, self.post("/admin?killed").status)
        self.assertEqual(502, self.post("/admin?long").status)
        self.assertEqual("well\n", self.post().body)

    def test_a_program_that_is_not_there(self):
        self.boot_job("exec /no/such/program")

        self.assertEqual(500, self.post().status)

    def test_the_client_that_leaves_ends_the_run(self):
        berth = self.boot_job("echo begun; sleep 1000")
        connection = self.open()
        self.read_until(connection, b"begun")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

        berth.wait_for_line("update: stops: whoever has started it by a request has left")
        berth.wait_until_gone("sleep")

    def test_a_crash_of_the_proxy_ends_the_run(self):
        berth = self.boot_job("echo begun; sleep 1000")
        connection = self.open()
        self.read_until(connection, b"begun")
        os.kill(berth.wait_for_process("berth-proxy").pid, signal.SIGKILL)

        berth.wait_for_line("update: stops: whoever has started it by a request has left")
        berth.wait_until_gone("sleep")
        wait_until(lambda: self.status_of("/nothing") == 404, "a proxy that serves again")

    def status_of(self, path):
        try:
            return self.get(path).status
        except OSError:
            return None

    def test_the_admin_ends_a_run(self):
        berth = self.boot_job("echo begun; exec sleep 1000")
        connection = self.open()
        self.read_until(connection, b"begun\n")

        self.assertEqual(0, berth.ctl("stop", "update").returncode)
        rest = b""
        while part := connection.recv(65536):
            rest += part
        self.assertFalse(rest.endswith(b"0\r\n\r\n"), rest)
        self.assertNotIn("[update] begun", berth.output())

    def test_a_shutdown_ends_a_run(self):
        berth = self.boot_job("echo begun; exec sleep 1000")
        connection = self.open()
        self.read_until(connection, b"begun\n")

        self.assertEqual(0, berth.stop())

    def test_started_by_hand_it_runs_as_any_job(self):
        berth = self.boot_job('echo "for $${REQUEST_METHOD:-nobody}: $(cat)"')

        self.assertEqual(0, berth.ctl("start", "update").returncode)
        berth.wait_for_line(r"^\[update\] for nobody: $")
        self.assertEqual("for POST: x\n", self.post(body="x").body)

    def test_it_waits_for_what_it_requires(self):
        self.service("db", ["sh", "-c", "sleep 1; touch up; exec sleep 4711"],
                     unit='start = "manual"', service='ready = { file = "${run_dir}/up" }\n',
                     rest='[process]\nworking_directory = "${run_dir}"\n')
        self.boot_job("echo with it", unit='requires = ["db"]')

        self.assertEqual("with it\n", self.post().body)

    def test_a_reload_is_done_when_the_reply_ends(self):
        self.template()
        berth = self.boot_job('echo writes; cat > "$BERTH_UNITS_DIR/list.toml"', job="reload = true")
        self.assertEqual(404, self.get("/b/").status)

        reply = self.post(body='[instances.app]\n"b" = {}\n')
        self.assertEqual((200, "writes\n"), (reply.status, reply.body))
        self.assertEqual(200, self.get("/b/").status)

        self.assertEqual(200, self.post(body="nonsense").status)
        berth.wait_for_line("update: failed: its command succeeded, but the unit files")

    def test_only_its_users_may(self):
        passwords = self.path("htpasswd")
        secret = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
        self.write(passwords, f"ann:{secret}\nbob:{secret}\n")
        self.boot_job('echo "$REMOTE_USER $AUTH_TYPE $HTTP_AUTHORIZATION"',
                      route='allowed_users = ["ann"]\n',
                      more=f'[proxy.auth]\nhtpasswd = "{passwords}"\npublic = ["/admin"]\n')

        self.assertEqual(401, self.post().status)
        bob = {"Authorization": "Basic Ym9iOnNlY3JldA=="}
        ann = {"Authorization": "Basic YW5uOnNlY3JldA=="}
        self.assertEqual(403, self.post(headers=bob).status)
        self.assertEqual("ann Basic \n", self.post(headers=ann).body)


if __name__ == "__main__":
    unittest.main()
