# Requests for another machine: sent there again by the edge, or passed on if they are too large.
import unittest

from proxied import Elsewhere, TenantTest

# In the mount namespace of this berth alone.
KNOW_THE_HOST = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'
LARGE = "x" * (1024 * 1024 + 1)


class OtherMachine(Elsewhere):
    def do_POST(self):  # noqa: N802, the name is the library's
        size = 0
        if self.headers["Transfer-Encoding"]:
            while chunk := int(self.rfile.readline(), 16):
                size += len(self.rfile.read(chunk))
                self.rfile.readline()
            self.rfile.readline()
        else:
            size = len(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(f"{self.path} {size} {self.headers['Host']} {self.headers['Fly-Replay-Src']}")


class Replay(TenantTest):
    def boot_here(self):
        self.serve_elsewhere(("127.0.0.2", self.port), OtherMachine)
        self.write(self.path("hosts"), "127.0.0.1 localhost\n127.0.0.2 fra.berth-test.internal\n")
        self.proxy('region = "iad"\napp = "berth-test"\n'
                   '[[proxy.replay]]\npath = "^/far/([a-z]+)/"\nregion = "$1"\n')
        self.template()
        self.instances("a")
        return self.boot_web(wrapper=["sh", "-c", KNOW_THE_HOST, "sh", self.path("hosts")])

    def test_what_is_too_large_is_passed_on(self):
        self.boot_here()
        host = f"127.0.0.1:{self.port}"

        small = self.get("/far/fra/x", method="POST", body="x")
        self.assertEqual((307, "application/vnd.fly.replay+json"),
                         (small.status, small.headers["content-type"]))
        large = self.get("/far/fra/x?y=z", method="POST", body=LARGE)
        self.assertEqual(f"/far/fra/x?y=z {len(LARGE)} {host} region=iad", large.body)
        chunked = self.get("/far/fra/", method="POST", body=iter([b"some", b"thing"]))
        self.assertEqual(f"/far/fra/ 9 {host} region=iad", chunked.body)

    def test_a_machine_that_is_not_there(self):
        berth = self.boot_here()

        self.assertEqual(503, self.get("/far/ord/", method="POST", body=LARGE).status)
        berth.wait_for_line("ord.berth-test.internal")
        self.assertEqual(200, self.get("/a/", method="POST", body="x").status)


if __name__ == "__main__":
    unittest.main()
