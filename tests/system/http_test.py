# HTTP that is malformed, hostile or slow, through the real proxy.
import base64
import socket
import subprocess
import time
import unittest

from harness import wait_until
from proxied import TenantTest

# All passwords are "secret".
HASHES = {
    "joe": "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/",
    "sha1": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
    "bcrypt": "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a",
    "sha256": "$5$abcdefgh$gruCpC7VkOTspMQTTSAR8mtlO9Upms.fwqE5y16JVM.",
    "sha512": "$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip"
              "/cZ/1GM/O6IND4WQhG.",
    "yescrypt": "$y$j9T$abcdefgh$IUWJt2doU4Kf6E/JP1UkAT3S5O3Q7SSA8SJirXIlEu9",
}
HTPASSWD = "".join(f"{user}:{hash}\n" for user, hash in HASHES.items())


class HttpTest(TenantTest):
    KEYS = ""  # of [proxy]

    def more(self):
        """Further tables of the proxy."""
        return ""

    def setUp(self):
        super().setUp()
        public = self.path("public")
        (public / "assets").mkdir(parents=True)
        (public / "assets/app.js").write_text("alert()")
        self.proxy(f'header = "700ms"\n{self.KEYS}\n'
                   f'[proxy.static]\nroot = "{public}"\n{self.more()}')
        self.template()
        self.instances("a")
        self.berth = self.boot_web()

    def statuses(self, *paths):
        return [self.get(path).status for path in paths]


class Static(HttpTest):
    def test_odd_paths_end_no_connection(self):
        for path in ("/assets/app.js/foo.css", "/assets/" + "x" * 300 + ".css",
                     "/assets/..%2f..%2fetc/passwd",
                     "/assets/a%00b.css", "/" + "b/" * 500 + "x.css"):
            self.assertIn(self.get(path).status, (400, 404, 414), path)

        self.assertEqual("alert()", self.get_ok("/assets/app.js").body)

    def test_nothing_outside_of_the_root_is_served(self):
        (self.path("public") / "link").symlink_to("/etc")
        for path in ("/../etc/passwd", "/%2e%2e/etc/passwd", "/assets/../../berth.log",
                     "/link/passwd"):
            self.assertNotEqual(200, self.get(path).status, path)


class Authentication(HttpTest):
    def more(self):
        return (f'[proxy.auth]\nhtpasswd = "{self.write(self.path("htpasswd"), HTPASSWD)}"\n'
                'public = ["/assets/", "*.js"]')

    def login(self, password="secret", user="joe"):
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {token}"}

    def test_only_who_knows_the_password_gets_in(self):
        reply = self.get("/a/")
        self.assertEqual(401, reply.status)
        self.assertIn("Basic realm=", reply.headers["www-authenticate"])
        self.assertEqual(401, self.get("/a/", headers=self.login("guess")).status)

        self.assertEqual(200, self.get("/a/", headers=self.login()).status)

    def test_each_form_of_hash_lets_its_user_in_and_tells_the_tenant_who(self):
        self.assertEqual(400, self.get("/a/", headers={"X_Remote_User": "root"}).status)
        for user in HASHES:
            self.assertEqual(401, self.get("/a/", headers=self.login("guess", user)).status, user)

            head = self.get_ok("/a/head", headers=self.login(user=user)
                               | {"X-Remote-User": "root"}).body

            self.assertRegex(head, f"(?i)x-remote-user: {user}(\n|$)")
            self.assertNotIn("root", head)

    def test_a_new_password_counts_at_once_and_a_missing_file_lets_nobody_in(self):
        self.get_ok("/a/", headers=self.login())
        subprocess.run(["htpasswd", "-bB", self.path("htpasswd"), "joe", "another"], check=True,
                       capture_output=True)

        wait_until(lambda: self.get("/a/", headers=self.login()).status == 401, "the new password")
        self.get_ok("/a/", headers=self.login("another"))
        self.path("htpasswd").unlink()

        wait_until(lambda: self.get("/a/", headers=self.login("another")).status == 503,
                   "a closed door")

    def test_a_public_suffix_opens_no_dynamic_route(self):
        self.assertEqual([401, 401], self.statuses("/a/people.js", "/a/x/y.js?z"))
        self.get_ok("/assets/app.js")

    def test_a_public_prefix_is_compared_after_normalisation(self):
        for path in ("/assets/../a/", "/assets/%2e%2e/a/", "/assets/..%2fa/", "/assets/.././a/pid",
                     "//a/", "/assets/..;/a/", "/./a/"):
            self.assertIn(self.get(path).status, (400, 401, 404), path)

        self.assertEqual([], self.berth.processes("tenant.py"))


class Bots(HttpTest):
    def more(self):
        return '[proxy.bots]\naction = "static-only"'

    def test_a_bot_starts_no_tenant(self):
        bot = {"User-Agent": "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"}

        self.assertEqual(403, self.get("/a/", headers=bot).status)

        self.assertEqual("alert()", self.get_ok("/assets/app.js", headers=bot).body)
        self.assertEqual([], self.berth.processes("tenant.py"))
        self.get_ok("/a/", headers={"User-Agent": "Mozilla/5.0 (X11; rv:133.0) Firefox/133.0"})


class Forwarding(HttpTest):
    FORGED = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https", "X-Real-IP": "6.6.6.6",
              "X-Remote-User": "root", "X-Forwarded-Host": "evil"}

    def test_what_clients_claim_to_be_is_not_believed(self):
        head = self.get_ok("/a/head", headers=self.FORGED).body

        for word in ("6.6.6.6", "root", "evil", "https"):
            self.assertNotIn(word, head)
        self.assertRegex(head, "(?i)x-forwarded-for: 127.0.0.1\n")
        self.assertRegex(head, "(?i)x-forwarded-proto: http(\n|$)")

    def test_connections_to_a_tenant_are_used_again(self):
        with_one = {self.get_ok("/a/peer").body for _ in range(30)}

        self.assertEqual(1, len(with_one))

    def test_a_body_arrives_whole(self):
        body = "x" * 1_000_000

        self.assertIn("1000000", self.get_ok("/a/length", method="POST", body=body).body)

    def test_a_chunked_body_arrives_whole(self):
        chunks = b"".join(b"%x\r\n%s\r\n" % (size, b"y" * size) for size in (1, 1000, 70000))

        answer = self.send_raw(b"POST /a/length HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                               b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")

        self.assertIn("71001", answer)


class TrustedProxy(HttpTest):
    KEYS = 'trust_proxy = ["127.0.0.0/8"]'

    def test_what_a_trusted_proxy_says_is_passed_on(self):
        head = self.get_ok("/a/head", headers=Forwarding.FORGED).body

        self.assertRegex(head, "(?i)x-forwarded-for: .*6.6.6.6")
        self.assertRegex(head, "(?i)x-forwarded-proto: https")
        self.assertNotIn("root", head)  # a user comes from berth alone


class Malformed(HttpTest):
    def check(self, status, request):
        answer = self.send_raw(request)
        self.assertEqual(str(status), answer.split(" ")[1] if answer else "",
                         (request[:80], answer))

    def test_what_is_no_http_is_refused_and_closed(self):
        for request in (b"hello\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                        b"GET / HTTP/1.1\r\nHost: x\r\nbad header: y\r\n\r\n",
                        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                        b"GET / HTTP/1.1\r\nHost: x\r\na: b\0c\r\n\r\n",
                        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"):
            self.check(400, request)

    def test_two_lengths_of_one_body_are_refused(self):
        head = b"POST /a/ HTTP/1.1\r\nHost: x\r\n"
        for request in (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                        b"Content-Length: +3\r\n\r\nabc",
                        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                        2 * b"Transfer-Encoding: chunked\r\n" + b"\r\n0\r\n\r\n"):
            answer = self.send_raw(head + request)
            self.assertIn(answer.split(" ")[1], ("400", "501"), request)

    def test_a_head_that_is_too_large_is_refused(self):
        self.check(431, b"GET / HTTP/1.1\r\nHost: x\r\nx: " + b"y" * 200_000 + b"\r\n\r\n")

    def test_a_head_that_never_ends_is_cut_off(self):
        begin = time.monotonic()

        answer = self.send_raw(b"GET / HTTP/1.1\r\nHo")

        self.assertLess(time.monotonic() - begin, 3.0)
        self.assertIn(answer[:12], ("HTTP/1.1 408", ""))

    def test_many_half_requests_harm_nobody(self):
        half = [self.connect() for _ in range(300)]
        for connection in half:
            connection.sendall(b"GET /a/ HTTP/1.1\r\nHost:")

        self.get_ok("/a/")

        for connection in half:
            connection.settimeout(5)
            while connection.recv(4096):
                pass  # each is closed in the end

    def test_a_reader_that_reads_nothing_holds_up_nobody(self):
        stalled = self.connect()
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.sendall(b"GET /a/big HTTP/1.1\r\nHost: x\r\n\r\n")

        self.assertLess(max(self.get_ok("/a/").seconds for _ in range(20)), 2.0)


if __name__ == "__main__":
    unittest.main()
