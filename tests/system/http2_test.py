# HTTP/2 to clients: curl, python3-h2, and clients that mean no good. Where memory is measured a
# sanitizer keeps up to 256 MB of what was freed.
import os
import socket
import subprocess
import threading
import time
import unittest

import http2
from harness import DEADLINE, SANITIZED, free_port, read_text, wait_until
from tls_test import TlsTest


class RawServer:
    """Answers every request of one connection after the other with the bytes that it is given."""

    def __init__(self, test):
        self.listener = socket.create_server(("127.0.0.1", 0))
        test.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]
        self.reply = b""
        self.requests = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                data = b""
                while not data.endswith(b"\r\n\r\n") or \
                        (b"chunked" in data and b"\r\n0\r\n" not in data):
                    data += connection.recv(65536)
                self.requests.append(data.decode("latin-1"))
                connection.sendall(self.reply)


class Http2Test(TlsTest):
    keys = 'idle = "5s"\n'

    def tables(self):
        self.raw = RawServer(self)
        self.metrics_port = free_port()
        return (f'[[proxy.route]]\nprefix = "/raw/"\ntarget = "http://127.0.0.1:{self.raw.port}"\n'
                f'[proxy.metrics]\nlisten = "127.0.0.1:{self.metrics_port}"\n')

    def client(self):
        made = http2.Client(self.context(), self.port)
        self.addCleanup(made.close)
        return made

    def floods(self):
        """How many connections have been ended for it."""
        with socket.create_connection(("127.0.0.1", self.metrics_port), DEADLINE) as connection:
            connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            text = connection.makefile().read()
        return int(text.partition('reason="http2_flood"} ')[2].split()[0])

    def peak(self):
        """The largest resident memory of the proxy so far, in bytes."""
        pid = self.berth.wait_for_process("berth-proxy --control").pid
        return next(int(line.split()[1]) * 1024 for line in
                    read_text(f"/proc/{pid}/status").splitlines() if line.startswith("VmHWM:"))


class Curl(Http2Test):
    def curl(self, path, *options):
        done = subprocess.run(
            ["curl", "-sS", "--http2", "--cacert", self.certificate, "--resolve",
             f"localhost:{self.port}:127.0.0.1", "-w", "%{stderr}%{http_version} %{http_code}",
             *options, f"https://localhost:{self.port}{path}"],
            capture_output=True, timeout=DEADLINE, check=False)
        return done.stderr.decode(), done.stdout

    def test_curl_speaks_it(self):
        version, body = self.curl("/a/head", "-b", "one=1; two=2")

        self.assertEqual("2 200", version)
        self.assertIn(b"X-Forwarded-Proto: https", body)
        self.assertIn(f"Host: localhost:{self.port}".encode(), body)
        self.assertIn(b"Cookie: one=1; two=2", body)
        self.berth.wait_for_line('"protocol":"HTTP/2.0"')

    def test_bodies_of_all_sizes_pass_both_ways(self):
        blob = self.path("blob")
        blob.write_bytes(os.urandom(5_000_000))

        self.assertEqual(("2 200", b"5000000"), self.curl("/a/length", "--data-binary", f"@{blob}"))
        self.assertEqual(("2 200", b"5000000"),
                         self.curl("/a/length", "-H", "Content-Length:", "--data-binary", f"@{blob}"))
        version, body = self.curl("/a/pour?bytes=20000000")
        self.assertEqual(("2 200", 20_000_000), (version, len(body)))

    def test_static_files_ranges_and_head(self):
        version, body = self.curl("/app.js")
        self.assertEqual(("2 200", b"j" * 3_000_000), (version, body))
        self.assertEqual(("2 206", b"j" * 10), self.curl("/app.js", "-r", "5-14"))
        version, head = self.curl("/app.js", "-I")
        self.assertEqual("2 200", version)
        self.assertIn(b"content-length: 3000000", head)


class Requests(Http2Test):
    def test_what_the_tenant_is_told(self):
        answer = self.client().get("/a/head", headers=[
            ("cookie", "a=1"), ("x-own", "1"), ("cookie", "b=2"), ("te", "trailers"),
            ("x-remote-user", "root"), ("x-forwarded-for", "1.2.3.4")], authority="shop.example:80")

        head = answer.body.decode().splitlines()
        self.assertEqual("GET /a/head HTTP/1.1", head[0])
        for line in ("Host: shop.example:80", "Cookie: a=1; b=2", "x-own: 1", "TE: trailers",
                     "X-Forwarded-For: 127.0.0.1"):
            self.assertIn(line, head)
        self.assertNotIn("root", answer.body.decode())

    def test_an_upload_without_a_length(self):
        client = self.client()
        stream = client.start("/a/length", method="POST", end=False)
        for _ in range(40):
            client.send(stream, b"u" * 70_000)
        client.send(stream, b"", end=True)

        self.assertEqual(b"2800000", client.finish(stream).body)

    def test_trailers_both_ways(self):
        self.raw.reply = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                          b"5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n")
        client = self.client()
        stream = client.start("/raw/x", method="POST", end=False)
        client.send(stream, b"body")
        client.h2.send_headers(stream, [("x-digest", "abc")], end_stream=True)
        client.flush()

        answer = client.finish(stream)
        self.assertEqual((200, b"hello", "42"),
                         (answer.status, answer.body, answer.trailers["x-sum"]))
        self.assertTrue(self.raw.requests[-1].endswith("4\r\nbody\r\n0\r\nx-digest: abc\r\n\r\n"))

    def test_interim_replies_and_replies_without_body(self):
        client = self.client()
        self.raw.reply = (b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
                          b"HTTP/1.1 204 No Content\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n"
                          b"Keep-Alive: timeout=5\r\nX-Own: 2\r\n\r\n")
        answer = client.get("/raw/x")
        self.assertEqual(([103], 204, b""), (answer.interim, answer.status, answer.body))
        self.assertEqual("2", answer.headers["x-own"])
        for name in ("connection", "x-hop", "keep-alive", "transfer-encoding"):
            self.assertNotIn(name, answer.headers)
        self.raw.reply = b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n"
        self.assertEqual(304, client.get("/raw/x").status)
        self.raw.reply = b"HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n"
        answer = client.get("/raw/x", method="HEAD")
        self.assertEqual(("70", b"", True),
                         (answer.headers["content-length"], answer.body, answer.ended))

    def test_a_reply_that_breaks_off_is_seen_to(self):
        self.raw.reply = b"HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\nhalf"
        client = self.client()

        answer = client.get("/raw/x")

        self.assertEqual((200, 2, False), (answer.status, answer.reset, answer.ended))
        self.assertEqual(200, client.get("/a/").status)

    def test_an_answer_before_the_upload_is_over(self):
        client = self.client()
        stream = client.start("/nobody", method="POST", end=False)
        answer = client.finish(stream)
        self.assertEqual(404, answer.status)
        client.until(lambda: client.answers[stream].reset == 0)
        self.assertEqual(200, client.get("/a/").status)

    def test_a_hundred_at_once(self):
        client = self.client()
        streams = [client.start("/a/slow?ms=300") for _ in range(100)]
        begin = time.monotonic()

        answers = [client.finish(stream) for stream in streams]

        self.assertEqual({200}, {answer.status for answer in answers})
        self.assertLess(time.monotonic() - begin, 15)  # and not thirty seconds

    def test_who_leaves_a_request_leaves_its_tenant(self):
        client = self.client()
        client.get("/a/")
        hung = client.start("/a/hang")
        client.get("/a/")  # behind it

        client.h2.reset_stream(hung)
        client.flush()

        self.berth.wait_for_line('"uri":"/a/hang".*"status":499')
        self.assertEqual(200, client.get("/a/").status)

    def test_requests_at_the_same_time_do_not_wait_for_each_other(self):
        client = self.client()
        client.get("/a/")
        client.keep_bodies = False
        down = client.start("/a/pour?bytes=3000000")
        client.stalled.add(down)
        up = client.start("/a/hang", method="POST", end=False, headers=[("content-length", "1000000")])
        while client.h2.local_flow_control_window(up) > 0:
            client.h2.send_data(up, b"u" * min(16384, client.h2.local_flow_control_window(up)))
            client.flush()
        client.until(lambda: client.answers[down].size >= 65535)  # nothing more may come
        for _ in range(20):
            self.assertEqual(200, client.get("/a/").status)
        self.assertEqual(65535, client.answers[down].size)

    def test_a_hundred_stalled_readers_take_little_memory(self):
        client = self.client()
        client.keep_bodies = False
        client.get("/a/pour?bytes=3000000")
        before = self.peak()

        streams = [client.start("/a/pour?bytes=3000000") for _ in range(99)]
        client.stalled.update(streams)
        client.until(lambda: all(client.answers[stream].size == 65535 for stream in streams))

        self.assertLess(self.peak() - before, 400_000_000 if SANITIZED else 20_000_000)
        self.assertEqual(200, client.get("/a/").status)

    def test_large_bodies_take_no_memory(self):
        size = 64_000_000
        client = self.client()
        client.keep_bodies = False
        client.get("/a/pour?bytes=3000000")
        client.post("/a/length", b"x" * 3_000_000)
        before = self.peak()

        down = client.start(f"/a/pour?bytes={size}")
        client.finish(down)
        up = client.start("/a/length", method="POST", end=False)
        for _ in range(size // 4 // 1_000_000):
            client.send(up, b"u" * 1_000_000)
        client.send(up, b"", end=True)
        client.finish(up)

        self.assertEqual(size, client.answers[down].size)
        self.assertLess(self.peak() - before, 400_000_000 if SANITIZED else 2_000_000)


class Refusals(Http2Test):
    def refused(self, headers):
        """That a request with such fields is reset, and the connection lives on."""
        client = self.client()
        stream = client.h2.get_next_available_stream_id()
        client.h2.send_headers(stream, headers, end_stream=True)
        client.flush()
        answer = client.finish(stream)
        self.assertIn(answer.reset, (1, 2), headers)
        self.assertEqual(200, client.get("/a/").status)

    def test_requests_that_would_be_two_in_http1(self):
        fine = [(":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "/a/")]
        for field in (("x-a", "1\r\nHost: evil"), ("x-a", "1\nb: 2"), ("x-a: b", "1"),
                      ("transfer-encoding", "chunked"), ("connection", "close"), ("upgrade", "h2c"),
                      ("X-Upper", "1"), ("host", "other"), ("te", "gzip"), ("keep-alive", "1"),
                      ("proxy-connection", "close"), ("content-length", "5"), ("", "1"),
                      (":path", "/b/"), (":protocol", "websocket")):
            self.refused([*fine, field])
        for path in ("/a/ HTTP/1.1\r\nHost: evil\r\n\r\nGET /b/", "/a b", "a/", "", "/a/\0"):
            self.refused([*fine[:3], (":path", path)])
        self.refused([(":method", "GET / HTTP/1.1\r\n"), *fine[1:]])
        self.refused([*fine[1:]])

    def test_a_body_longer_than_was_said(self):
        client = self.client()
        stream = client.start("/a/length", method="POST", end=False,
                              headers=[("content-length", "3")])
        client.h2.send_data(stream, b"abcGET /b/ HTTP/1.1\r\nHost: x\r\n\r\n", end_stream=True)
        client.flush()

        self.assertEqual(1, client.finish(stream).reset)

    def test_fields_that_are_too_many_or_too_large(self):
        client = self.client()
        self.assertEqual(431, client.get("/a/", headers=[("x-large", "v" * 15_000)] * 5).status)
        self.assertEqual(431, client.get("/a/", headers=[("x-many", "v")] * 300).status)
        self.assertEqual(414, client.get("/a/" + "p" * 9000).status)
        self.assertEqual(405, client.get("/a/", method="TRACE").status)
        self.assertEqual(200, client.get("/a/").status)

    def test_more_requests_at_once_than_are_allowed(self):
        client = self.client()
        client.get("/a/")
        head = client.h2.encoder.encode([(":method", "GET"), (":scheme", "https"),
                                         (":authority", "x"), (":path", "/a/hang")])

        client.send_raw(b"".join(client.frame(http2.HEADERS, 3 + 2 * number, head, 5)
                                 for number in range(110)))

        client.until_closed()
        self.assertEqual(1, client.goaway)  # PROTOCOL_ERROR
        self.assertEqual(200, self.client().get("/a/").status)

    def test_a_wrong_beginning_is_closed(self):
        context = self.context()
        context.set_alpn_protocols(["h2"])
        connection = self.wrap(context)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while connection.recv(65536):
            pass
        self.assertEqual(200, self.client().get("/a/").status)


class Floods(Http2Test):
    def assert_calmed(self, flood):
        """That who sends the bytes of `flood` again and again is sent away, and nobody else."""
        before = self.floods()
        other = self.client()
        client = self.client()
        client.get("/a/")

        for round_ in range(1_000):
            client.send_raw(flood(client, round_))

        self.assertEqual(http2.ENHANCE_YOUR_CALM, client.farewell())
        self.assertEqual(before + 1, self.floods())
        self.assertEqual(200, other.get("/a/").status)

    def requests(self, path, frame, payload):
        """A flood of requests, each with a frame behind it."""
        def flood(client, round_):
            head = client.h2.encoder.encode([(":method", "GET"), (":scheme", "https"),
                                             (":authority", "x"), (":path", path)])
            stream = 3 + 2 * round_
            return client.frame(http2.HEADERS, stream, head, 5) + \
                client.frame(frame, stream, payload)
        return flood

    def test_resets(self):  # CVE-2023-44487
        self.assert_calmed(self.requests("/a/", http2.RST_STREAM, b"\0\0\0\x08"))

    def test_requests_that_make_us_reset(self):  # CVE-2025-8671
        self.assert_calmed(self.requests("/a/hang", http2.WINDOW_UPDATE, b"\x7f\xff\xff\xff"))

    def test_pings(self):
        self.assert_calmed(lambda client, _: client.frame(http2.PING, 0, b"12345678"))

    def test_settings(self):
        self.assert_calmed(lambda client, _: client.frame(http2.SETTINGS, 0))

    def test_empty_frames(self):
        def flood(client, round_):
            if round_ == 0:
                head = client.h2.encoder.encode([(":method", "POST"), (":scheme", "https"),
                                                 (":authority", "x"), (":path", "/a/length")])
                return client.frame(http2.HEADERS, 3, head, 4)
            return client.frame(0, 3)
        self.assert_calmed(flood)

    def test_continuations(self):  # CVE-2024-28182
        def flood(client, round_):
            return client.frame(http2.CONTINUATION if round_ else http2.HEADERS, 3, b"\x82")
        self.assert_calmed(flood)


class Life(Http2Test):
    def test_nothing_is_loaded_before_it_is_needed(self):
        self.ask("/a/")
        self.assertNotIn("nghttp2", self.proxy_maps())
        self.client().get("/a/")
        self.assertIn("nghttp2", self.proxy_maps())

    def test_an_idle_connection_is_told_to_go(self):
        client = self.client()
        client.get("/a/")

        client.until_closed()

        self.assertEqual(0, client.goaway)

    def test_a_proxy_that_stops_lets_requests_end(self):
        client = self.client()
        client.get("/a/")
        idle = self.client()
        idle.get("/a/")
        slow = client.start("/a/slow?ms=700")
        client.get("/a/")  # behind it

        restart = threading.Thread(target=self.berth.ctl, args=("restart", "web"))
        restart.start()
        self.addCleanup(restart.join)

        idle.until_closed()
        self.assertEqual(0, idle.goaway)
        self.assertEqual(200, client.finish(slow).status)
        client.until_closed()
        self.assertEqual(0, client.goaway)

    def test_a_reload_ends_nothing(self):
        client = self.client()
        client.get("/a/")
        slow = client.start("/a/slow?ms=700")
        self.instances("a", "b")

        self.berth.ctl("reload")

        self.assertEqual(200, client.finish(slow).status)
        self.assertEqual(200, client.get("/b/").status)


class Unwanted(TlsTest):
    def tables(self):
        return "http2 = false\n"  # still of [proxy.tls]

    def test_it_is_not_offered(self):
        context = self.context()
        context.set_alpn_protocols(["h2", "http/1.1"])

        self.assertEqual("http/1.1", self.wrap(context).selected_alpn_protocol())


if __name__ == "__main__":
    unittest.main()
