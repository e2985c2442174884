# Targets by https: real TLS servers with certificates of all kinds, and CAs of our own.
import re
import socket
import ssl
import subprocess
import threading
import time
import unittest
import warnings

from harness import read_text
from proxied import TenantTest


class TlsServer:
    """An HTTP server behind TLS that answers in its own words and keeps connections."""

    def __init__(self, test, context):
        self.context = context  # None = it speaks no TLS, "silent" = it says nothing at all
        self.names = []  # as clients have told them
        self.requests = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        test.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]
        if isinstance(context, ssl.SSLContext):
            context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._guarded, args=(connection,), daemon=True).start()

    def _guarded(self, connection):
        try:
            if self.context == "silent":
                time.sleep(3600)
            if self.context is None:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                connection.close()
                return
            connection = self.context.wrap_socket(connection, server_side=True)
            self.connections += 1
            with connection:
                self._serve(connection)
        except OSError:
            pass

    def _serve(self, connection):
        stream = connection.makefile("rb")
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = stream.readline()
                if not line:
                    return
                head += line
            self.requests.append(head.decode("latin-1"))
            length = re.search(rb"(?i)content-length: (\d+)", head)
            size = len(stream.read(int(length.group(1)))) if length else 0
            if b"/ws" in head:
                connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                   b"Connection: Upgrade\r\n\r\n")
                while data := connection.recv(65536):
                    connection.sendall(data)
                return
            if b"/cut" in head:  # neither a length nor an end of TLS
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf")
                socket.socket(fileno=connection.detach()).close()
                return
            body = b"b" * 5_000_000 if b"/large" in head else str(size).encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


class TlsTargetTest(TenantTest):
    def setUp(self):
        super().setUp()
        self.ca = self.authority("ca")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    def authority(self, name):
        """A CA; the path of its certificate."""
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-days", "2", "-subj", f"/CN={name}",
                     "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.pem"))
        return self.path(f"{name}.pem")

    def server(self, names="DNS:localhost,IP:127.0.0.1", ca="ca", days="2"):
        """A server with a certificate for these."""
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-subj", "/CN=x", "-addext", f"subjectAltName={names}",
                     "-keyout", self.path("s.key"), "-out", self.path("s.csr"))
        self.openssl("x509", "-req", "-in", self.path("s.csr"), "-CA", self.path(f"{ca}.pem"),
                     "-CAkey", self.path(f"{ca}.key"), "-CAcreateserial", "-days", days,
                     "-copy_extensions", "copy", "-out", self.path("s.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("s.pem"), self.path("s.key"))
        return TlsServer(self, context)

    def boot_route(self, server, host="localhost", keys=""):
        self.target = f"https://{host}:{server.port}"
        self.proxy(f'{keys}[[proxy.route]]\nprefix = "/t"\ntarget = "{self.target}"\n'
                   f'[process]\nenv = {{ SSL_CERT_FILE = "{self.ca}", SSL_CERT_DIR = "/nowhere" }}\n')
        self.template()
        self.instances("a")
        self.berth = self.boot_web()
        return self.berth

    def assert_distrusted(self, server, why, **route):
        """That the answer is 502, the log says why, once, and the server has been told nothing."""
        berth = self.boot_route(server, **route)
        for _ in range(3):
            self.assertEqual(502, self.get("/t/").status)

        line = f"{self.target}: {why}"
        berth.wait_for_line(line)
        self.assertEqual(1, len(re.findall(line, berth.output())), berth.output())
        self.assertEqual([], server.requests)


class Trusted(TlsTargetTest):
    def test_requests_of_all_sizes_pass(self):
        server = self.server()
        self.boot_route(server)
        self.assertNotRegex(self.proxy_maps(), "libssl|nghttp2")

        self.assertEqual("0", self.get_ok("/t/x?y").body)
        self.assertEqual("3000000", self.get_ok("/t/up", method="POST", body=b"u" * 3_000_000).body)
        self.assertEqual(5_000_000, len(self.get_ok("/t/large").body))

        self.assertIn("libssl", self.proxy_maps())
        self.assertNotIn("nghttp2", self.proxy_maps())
        head = server.requests[0].splitlines()
        self.assertEqual("GET /t/x?y HTTP/1.1", head[0])
        self.assertIn(f"Host: localhost:{server.port}", head)
        self.assertIn("localhost", server.names)

    def proxy_maps(self):
        return read_text(f"/proc/{self.berth.wait_for_process('berth-proxy --control').pid}/maps")

    def test_connections_are_used_again(self):
        server = self.server()
        self.boot_route(server)

        for _ in range(5):
            self.get_ok("/t/")

        self.assertEqual(1, server.connections)

    def test_an_address_is_no_name_but_can_be_in_a_certificate(self):
        server = self.server()
        self.boot_route(server, host="127.0.0.1")

        self.get_ok("/t/")

        self.assertEqual({None}, set(server.names))

    def test_a_websocket_passes(self):
        self.boot_route(self.server())
        connection, head = self.upgrade("/t/ws")
        self.assertIn(" 101 ", head)
        connection.sendall(b"ping" * 20_000)
        received = 0
        while received < 80_000:
            received += len(connection.recv(65536))

    def test_a_reply_that_was_cut_is_seen_to(self):
        self.boot_route(self.server())

        answer = self.send_raw(b"GET /t/cut HTTP/1.1\r\nHost: x\r\n\r\n")

        self.assertIn("half", answer)
        self.assertFalse(answer.endswith("0\r\n\r\n"), answer)


class Distrusted(TlsTargetTest):
    def test_the_name_is_another_one(self):
        self.assert_distrusted(self.server("DNS:other.example,IP:127.0.0.1"),
                               "its certificate is not accepted: hostname mismatch")

    def test_the_address_is_another_one(self):
        self.assert_distrusted(self.server("DNS:localhost,DNS:127.0.0.1,IP:127.0.0.2"),
                               "its certificate is not accepted: IP address mismatch",
                               host="127.0.0.1")

    def test_nobody_knows_who_made_it(self):
        self.authority("stranger")
        self.assert_distrusted(self.server(ca="stranger"), "its certificate is not accepted: "
                               "unable to get local issuer certificate")

    def test_it_is_over(self):
        self.assert_distrusted(self.server(days="-1"),
                               "its certificate is not accepted: certificate has expired")

    def test_it_speaks_an_old_version_only(self):
        server = self.server()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            server.context.minimum_version = ssl.TLSVersion.TLSv1
            server.context.maximum_version = ssl.TLSVersion.TLSv1_1
        server.context.set_ciphers("ALL:@SECLEVEL=0")
        self.assert_distrusted(server, "it does not speak TLS with us: ")

    def test_it_speaks_no_tls(self):
        server = TlsServer(self, None)
        self.boot_route(server)
        self.assertEqual(502, self.get("/t/").status)
        self.berth.wait_for_line(f"{self.target}: it does not speak TLS with us: ")

    def test_it_says_nothing(self):
        self.boot_route(TlsServer(self, "silent"), keys='upstream = "1s"\n')
        self.assertEqual(504, self.get("/t/").status)
        self.get_ok("/a/")

    def test_it_is_not_there(self):
        server = self.server()
        server.listener.shutdown(socket.SHUT_RDWR)  # which ends the thread's accept(), as close() does not
        server.listener.close()
        self.boot_route(server)
        self.assertEqual(502, self.get("/t/").status)


if __name__ == "__main__":
    unittest.main()
