# HTTPS with real clients: Python's ssl, which is OpenSSL, and curl.
import http.client
import os
import re
import socket
import ssl
import subprocess
import time
import unittest
import warnings

from harness import DEADLINE, free_port, read_text, wait_until
from proxied import TenantTest


class TlsTest(TenantTest):
    keys = ""  # of [proxy]

    def tables(self):
        """Further tables of the proxy's unit."""
        return ""

    def setUp(self):
        super().setUp()
        self.certificate, self.key = self.path("site.pem"), self.path("site.key")
        self.make_certificate("first")
        self.plain_port = free_port()
        public = self.path("public")
        public.mkdir()
        (public / "app.js").write_bytes(b"j" * 3_000_000)
        self.unit("web", f'[proxy]\nlisten = [":{self.plain_port}", "127.0.0.1:{self.port}"]\n'
                         f'user = "nobody"\nheader = "2s"\n{self.keys}[proxy.static]\nroot = "{public}"\n'
                         f'[proxy.tls]\ncertificate = "{self.certificate}"\nkey = "{self.key}"\n'
                         f'listen = "127.0.0.1:{self.port}"\n{self.tables()}')
        self.template()
        self.instances("a")
        self.berth = self.boot_web()

    def make_certificate(self, name):
        """A certificate for localhost by that name; by rename, the key first."""
        fresh = self.path("fresh.pem"), self.path("fresh.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", fresh[1],
                        "-out", fresh[0]], check=True, capture_output=True)
        fresh[1].chmod(0o644)  # the proxy's user has to read it
        fresh[1].rename(self.key)
        fresh[0].rename(self.certificate)

    def context(self):
        return ssl.create_default_context(cafile=str(self.certificate))

    def wrap(self, context=None):
        """A connection after its handshake."""
        connection = socket.create_connection(("127.0.0.1", self.port), DEADLINE)
        self.addCleanup(connection.close)
        wrapped = (context or self.context()).wrap_socket(connection, server_hostname="localhost")
        self.addCleanup(wrapped.close)
        return wrapped

    def ask(self, path, method="GET", body=None, headers=None):
        """Status and body of a request on a connection of its own."""
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=DEADLINE,
                                                 context=self.context())
        connection._create_connection = lambda address, *rest: socket.create_connection(
            ("127.0.0.1", address[1]), DEADLINE)
        try:
            connection.request(method, path, body=body, headers=headers or {},
                               encode_chunked="Transfer-Encoding" in (headers or {}))
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def plain(self, path):
        """The body of a reply at the address that speaks no TLS."""
        connection = http.client.HTTPConnection("127.0.0.1", self.plain_port, timeout=DEADLINE)
        self.addCleanup(connection.close)
        connection.request("GET", path)
        return connection.getresponse().read().decode()

    def name_in_force(self):
        """The name in the certificate that a new connection gets."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        certificate = self.wrap(context).getpeercert(binary_form=True)
        text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"],
                              input=certificate, capture_output=True, check=True).stdout.decode()
        return re.search(r"CN ?= ?(\w+)", text).group(1)

    def proxy_maps(self):
        return read_text(f"/proc/{self.berth.wait_for_process('berth-proxy --control').pid}/maps")


class Https(TlsTest):
    def test_requests_and_replies_of_all_sizes_pass(self):
        body = os.urandom(3_000_000)
        self.assertEqual(200, self.ask("/a/")[0])
        self.assertEqual((200, b"3000000"), self.ask("/a/length", "POST", body))
        self.assertEqual((200, b"\0" * 20_000_000), self.ask("/a/pour?bytes=20000000"))
        self.assertEqual((200, b""), self.ask("/a/pid", "HEAD"))

    def test_a_chunked_upload_passes(self):
        blocks = (b"c" * 70_000 for _ in range(50))

        status, length = self.ask("/a/length", "POST", blocks, {"Transfer-Encoding": "chunked"})

        self.assertEqual((200, b"3500000"), (status, length))

    def test_static_files_pass(self):
        self.assertEqual((200, b"j" * 3_000_000), self.ask("/app.js"))
        self.assertEqual((206, b"j" * 10), self.ask("/app.js", headers={"Range": "bytes=5-14"}))

    def test_the_tenant_is_told(self):
        head = self.ask("/a/head", headers={"X-Forwarded-Proto": "http"})[1].decode()

        self.assertIn("X-Forwarded-Proto: https", head)
        self.assertIn("x-forwarded-proto: http\n", (self.plain("/a/head") + "\n").lower())

    def test_pipelined_requests_and_a_connection_that_is_kept(self):
        connection = self.wrap()
        for _ in range(3):
            connection.sendall(2 * b"GET /a/length HTTP/1.1\r\nHost: x\r\n\r\n")
            data = b""
            while data.count(b"\r\n\r\n0") < 2:
                data += connection.recv(65536)

    def test_a_websocket_passes_both_ways(self):
        connection = self.wrap()
        connection.sendall(b"GET /a/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                           b"Upgrade: websocket\r\n\r\n")
        self.assertIn(b" 101 ", connection.recv(65536))
        for text in (b"ping", b"x" * 200_000):
            connection.sendall(text)
            data = b""
            while len(data) < len(text):
                data += connection.recv(65536)
            self.assertEqual(text, data)

    def test_curl_is_content(self):
        done = subprocess.run(["curl", "-sS", "--http1.1", "--cacert", self.certificate, "--resolve",
                               f"localhost:{self.port}:127.0.0.1", "-w", "%{http_version} %{ssl_verify_result}",
                               f"https://localhost:{self.port}/a/", "-o", "/dev/null"],
                              capture_output=True, text=True, timeout=DEADLINE, check=False)

        self.assertEqual(("1.1 0", ""), (done.stdout, done.stderr))

    def test_a_reader_that_stalls_gets_everything_in_the_end(self):
        connection = self.wrap()
        connection.sendall(b"GET /a/pour?bytes=30000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(200, self.ask("/a/")[0])  # others do not wait for it
        time.sleep(0.5)  # until all buffers are full
        received = 0
        while received < 30_000_000:
            received += len(connection.recv(1 << 20))


class Refusals(TlsTest):
    def test_old_versions_are_refused(self):
        context = self.context()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")

        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.wrap(context)

    def test_what_is_no_tls_is_closed(self):
        for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 100):
            with socket.create_connection(("127.0.0.1", self.port), DEADLINE) as connection:
                connection.sendall(data)
                try:
                    while connection.recv(65536):
                        pass
                except ConnectionError:
                    pass
        self.assertEqual(200, self.ask("/a/")[0])

    def test_a_handshake_that_never_ends_is_cut_off(self):
        begin = time.monotonic()
        silent = [socket.create_connection(("127.0.0.1", self.port), DEADLINE) for _ in range(50)]
        for connection in silent:
            self.addCleanup(connection.close)
            connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        self.assertEqual(200, self.ask("/a/")[0])

        for connection in silent:
            while connection.recv(4096):
                pass

        self.assertLess(time.monotonic() - begin, 15)


class Reload(TlsTest):
    def test_a_new_certificate_is_used_by_new_connections(self):
        old = self.wrap()
        self.assertEqual("first", self.name_in_force())

        self.make_certificate("second")

        wait_until(lambda: self.name_in_force() == "second", "the new certificate")
        old.sendall(b"GET /a/pid HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertTrue(old.recv(65536).startswith(b"HTTP/1.1 200"))

    def test_what_is_not_usable_changes_nothing(self):
        self.assertEqual("first", self.name_in_force())
        for text in ("nonsense", read_text(self.certificate)):
            self.write(self.key, text)
            before = self.complaints()
            wait_until(lambda: self.name_in_force() == "first" and self.complaints() > before,
                       "a complaint")

    def complaints(self):
        """Of a key that is not usable."""
        return len(re.findall(r"tls: read .*site.key: the key: .*: the old one stays in force",
                              self.berth.output()))

    def test_without_a_readable_key_nobody_connects_and_the_log_says_why(self):
        self.key.chmod(0o600)  # root's

        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.wrap()
        self.berth.wait_for_line(r"tls: .*site.key: Permission denied: nobody can connect")

        self.make_certificate("second")
        wait_until(lambda: self.can_connect(), "it is readable")

    def can_connect(self):
        try:
            return self.name_in_force() == "second"
        except (ssl.SSLError, ConnectionError):
            return False

    # The modules bring large libraries into memory: nobody pays for them who has not asked.
    def test_openssl_is_loaded_for_the_first_connection_only(self):
        self.plain("/a/")
        self.assertNotRegex(self.proxy_maps(), "libssl|libcrypto|nghttp2")
        self.ask("/a/")

        self.assertIn("libssl", self.proxy_maps())
        self.assertNotIn("nghttp2", self.proxy_maps())


if __name__ == "__main__":
    unittest.main()
