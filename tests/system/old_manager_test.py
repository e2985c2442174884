# What was wrong with the HTTP of the manager that berth replaces: each defect is a test here.
import base64
import concurrent.futures
import http.client
import time
import unittest

from proxied import TenantTest

# user "joe", password "secret", apr1
HTPASSWD = "joe:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/\n"


class OldManager(TenantTest):
    def setUp(self):
        super().setUp()
        assets = self.path("public/assets")
        assets.mkdir(parents=True)
        (assets / "app.js").write_text("alert()")
        password = self.write(self.path("htpasswd"), HTPASSWD)
        self.proxy(f'header = "700ms"\n[proxy.static]\nroot = "{self.path("public")}"\n'
                   f'[proxy.auth]\nhtpasswd = "{password}"\npublic = ["/assets/", "*.js"]')
        self.template()
        self.instances("a")
        self.berth = self.boot_web()
        self.login = {"Authorization": "Basic " + base64.b64encode(b"joe:secret").decode()}

    def test_h1_no_static_path_ends_a_connection(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        self.addCleanup(connection.close)
        for path in ("/assets/app.js/foo.css", "/assets/" + "x" * 300 + ".css", "/assets/",
                     "/assets/app.js/", "/assets/%ff.css", "/assets/." * 50,
                     "/" + "deep/" * 1000 + "x.js"):
            connection.request("GET", path, headers=self.login)
            reply = connection.getresponse()
            reply.read()
            self.assertEqual(404, reply.status, path)  # on one connection, which lives on

        self.assertEqual(400, self.get("/assets/a%00b.css", headers=self.login).status)

    def test_h2_a_public_suffix_opens_no_dynamic_route(self):
        for path in ("/a/people.js", "/a/people.js?x", "/a/x.js/y.js", "/a/people%2ejs"):
            self.assertEqual(401, self.get(path).status, path)

        self.get_ok("/assets/app.js")
        self.assertEqual([], self.berth.processes("tenant.py"))

    def test_h3_a_public_prefix_is_compared_after_normalisation(self):
        for path in ("/assets/../a/people", "/assets/./../a/", "/assets//../a/", "/assets/x/../../a/"):
            self.assertEqual(401, self.get(path).status, path)
        for path in ("/assets/%2e%2e/a/", "/assets/.%2e/a/", "/../a/"):
            self.assertEqual(400, self.get(path).status, path)

        self.assertEqual([], self.berth.processes("tenant.py"))

    def test_h5_what_clients_claim_to_be_is_not_believed(self):
        forged = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https", "X-Real-IP": "6.6.6.6",
                  "X-Remote-User": "root", "X-Forwarded-Host": "evil", "Forwarded": "for=6.6.6.6"}

        head = self.get_ok("/a/head", headers={**forged, **self.login}).body.lower().splitlines()

        self.assertIn("x-forwarded-for: 127.0.0.1", head)  # once, and without a port
        self.assertIn("x-forwarded-proto: http", head)
        self.assertIn("x-remote-user: joe", head)
        for word in ("6.6.6.6", "root", "evil"):
            self.assertNotIn(word, "\n".join(head))
        self.berth.wait_for_line('"client_ip":"127.0.0.1".*/a/head')

    def test_h6_a_thousand_half_requests_do_not_last(self):
        half = [self.connect() for _ in range(1000)]
        for connection in half:
            connection.sendall(b"GET /a/ HTTP/1.1\r\nHost: x\r\nX-")
        self.assertEqual(401, self.get("/a/").status)

        begin = time.monotonic()
        for connection in half:
            while connection.recv(4096):
                pass

        self.assertLess(time.monotonic() - begin, 15)

    def test_h7_busy_clients_share_the_connections_to_a_tenant(self):
        self.get_ok("/a/", headers=self.login)

        def ask_often(_):
            return [self.get_ok("/a/peer", headers=self.login).body for _ in range(20)]

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            peers = {int(serial) for peers in pool.map(ask_often, range(32)) for serial in peers}

        self.assertLessEqual(len(peers), 40)  # not one for each of 640 requests


if __name__ == "__main__":
    unittest.main()
