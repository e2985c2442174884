# Requests that two servers could read differently, a server that believes everything, and what
# stands in front of it: berth, nginx, HAProxy.
"""CASES are sent as they are over a socket of their own, which then finishes sending. In them /one
is the request that is meant, and /two what is hidden behind it or in it. hostile.table says what
comes of each.
"""
import dataclasses
import re
import socket
import subprocess
import threading

from harness import DEADLINE, free_port, wait_until

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
TWO = b"GET /two HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"0\r\n\r\n"


@dataclasses.dataclass
class Case:
    name: str
    data: bytes
    sent: int = 1  # requests that an upstream may see at most


def post(fields, body=b"", target=b"/one", version=b"HTTP/1.1"):
    return b"POST " + target + b" " + version + b"\r\nHost: x\r\n" + fields + b"\r\n" + body


def get(fields=b"", target=b"/one", line=None):
    return (line or b"GET " + target + b" HTTP/1.1") + b"\r\nHost: x\r\n" + fields + b"\r\n"


def chunked(body):
    return post(b"Transfer-Encoding: chunked\r\n", body)


def coding(value, body=LAST + TWO):
    return post(b"Transfer-Encoding: " + value + b"\r\n", body)


def length(value, body=b"abc" + TWO):
    return post(b"Content-Length: " + value + b"\r\n", body)


CASES = [
    # Two framings.
    Case("length and coding", post(b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
                                   LAST + b"G" + TWO)),
    Case("coding and length", post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                                   b"%x\r\n" % len(TWO) + TWO + b"\r\n" + LAST)),
    Case("length twice, equal", length(b"3\r\nContent-Length: 3", b"abc")),
    Case("length twice, different", length(b"3\r\nContent-Length: 40")),
    Case("length as a list, equal", length(b"3, 3", b"abc")),
    Case("length as a list, different", length(b"3, 40")),
    Case("length with a plus", length(b"+3")),
    Case("negative length", length(b"-3")),
    Case("length in hex", length(b"0x3")),
    Case("length in octal digits", length(b"003", b"abc")),
    Case("empty length", length(b"", TWO)),
    Case("length with a blank inside", length(b"1 0")),
    Case("length that overflows", length(b"18446744073709551619")),
    Case("length with a letter", length(b"3x")),
    Case("length with a point", length(b"3.0")),
    Case("length with a vertical tab", length(b"\x0b3")),
    Case("length of a body on GET", get(b"Content-Length: %d\r\n" % len(TWO)) + TWO),
    Case("length before a blank and colon", post(b"Content-Length : 3\r\n", b"abc" + TWO)),
    Case("length with an underscore", post(b"Content_Length: %d\r\n" % len(TWO), TWO), 2),
    # Transfer codings.
    Case("coding twice", coding(b"chunked\r\nTransfer-Encoding: chunked")),
    Case("coding twice, one unknown", coding(b"chunked\r\nTransfer-Encoding: cow")),
    Case("chunked twice in a list", coding(b"chunked, chunked")),
    Case("identity before chunked", coding(b"identity, chunked")),
    Case("identity behind chunked", coding(b"chunked, identity")),
    Case("gzip before chunked", coding(b"gzip, chunked")),
    Case("unknown coding", coding(b"xchunked")),
    Case("coding with a parameter", coding(b"chunked;a=b")),
    Case("coding with a comma", coding(b"chunked,")),
    Case("coding in quotes", coding(b'"chunked"')),
    Case("empty coding", coding(b"")),
    Case("coding with a vertical tab", coding(b"\x0bchunked")),
    Case("coding with a non-breaking space", coding(b"\xa0chunked")),
    Case("coding with a NUL", coding(b"chunked\0")),
    Case("coding and a bare CR", coding(b"chunked\rX: y")),
    Case("coding on a line of its own", coding(b"\r\n chunked")),
    Case("coding before a blank and colon", post(b"Transfer-Encoding : chunked\r\n", LAST + TWO)),
    Case("coding with an underscore", post(b"Content-Length: %d\r\nTransfer_Encoding: chunked\r\n"
                                           % len(LAST + TWO), LAST + TWO)),
    Case("coding in HTTP/1.0", post(b"Transfer-Encoding: chunked\r\n", LAST + TWO,
                                    version=b"HTTP/1.0")),
    Case("coding behind a tab", coding(b"\tchunked", LAST)),
    Case("coding in capitals", coding(b"CHUNKED", LAST)),
    Case("very long coding", coding(b"a" * 5000)),
    # Chunks.
    Case("chunk size in hex with 0x", chunked(b"0x3\r\nabc\r\n" + LAST)),
    Case("chunk size with a plus", chunked(b"+3\r\nabc\r\n" + LAST)),
    Case("negative chunk size", chunked(b"-3\r\nabc\r\n" + LAST)),
    Case("chunk size with a blank before", chunked(b" 3\r\nabc\r\n" + LAST)),
    Case("chunk size with a blank behind", chunked(b"3 \r\nabc\r\n" + LAST)),
    Case("chunk size with an underscore", chunked(b"0_3\r\nabc\r\n" + LAST)),
    Case("chunk size that overflows", chunked(b"10000000000000003\r\nabc\r\n" + LAST + TWO)),
    Case("chunk size of many zeros", chunked(b"0" * 40 + b"3\r\nabc\r\n" + LAST)),
    Case("empty chunk size", chunked(b"\r\nabc\r\n" + LAST)),
    Case("chunk size without a CR", chunked(b"3\nabc\r\n" + LAST)),
    Case("chunk size and a bare CR", chunked(b"3\rabc\r\n" + LAST)),
    Case("chunk extension", chunked(b'3;a="b"\r\nabc\r\n' + LAST)),
    Case("chunk extension with an LF", chunked(b"3;a\nabc\r\n" + LAST)),
    Case("chunk extension with a bare CR", chunked(b"3;a\rb\r\nabc\r\n" + LAST)),
    Case("chunk extension with a NUL", chunked(b"3;a\0\r\nabc\r\n" + LAST)),
    Case("chunk extension without semicolon", chunked(b"3 abc\r\nabc\r\n" + LAST)),
    Case("very long chunk extension", chunked(b"3;" + b"a" * 20000 + b"\r\nabc\r\n" + LAST)),
    Case("chunk longer than its size", chunked(b"3\r\nabcd\r\n" + LAST)),
    Case("chunk shorter than its size", chunked(b"5\r\nabc\r\n" + LAST + TWO)),
    Case("chunk that ends in an LF", chunked(b"3\r\nabc\n" + LAST)),
    Case("last chunk that ends in LFs", chunked(b"0\n\n" + TWO)),
    Case("trailer that frames", chunked(b"0\r\nContent-Length: 30\r\n\r\n")),
    Case("trailer without a colon", chunked(b"0\r\nabc\r\n\r\n")),
    Case("folded trailer", chunked(b"0\r\nA: b\r\n c\r\n\r\n")),
    Case("trailer with an LF", chunked(b"0\r\nA: b\nGET /two HTTP/1.1\r\n\r\n")),
    Case("no last chunk", chunked(b"3\r\nabc\r\n"), 0),
    Case("body that is cut", length(b"400", b"abc"), 0),
    # Lines and fields.
    Case("a field that ends in an LF", get(b"A: b\nC: d\r\n")),
    Case("a bare CR in a field", get(b"A: b\rC: d\r\n")),
    Case("lines that end in LFs", get().replace(b"\r\n", b"\n")),
    Case("an LF, a CR and an LF", b"GET /one HTTP/1.1\r\nHost: x\r\nA: b\n\r\n" + TWO, 2),
    Case("folded field", get(b"A: b\r\n c\r\n")),
    Case("folded with a tab", get(b"A: b\r\n\tc\r\n")),
    Case("folded first field", b"GET /one HTTP/1.1\r\n A: b\r\nHost: x\r\n\r\n"),
    Case("a NUL in a value", get(b"A: b\0c\r\n")),
    Case("a NUL in a name", get(b"A\0: b\r\n")),
    Case("a control character in a value", get(b"A: b\x01c\r\n")),
    Case("a delete in a value", get(b"A: b\x7fc\r\n")),
    Case("a blank in a name", get(b"A b: c\r\n")),
    Case("a blank before the colon", get(b"A : c\r\n")),
    Case("a tab before the colon", get(b"A\t: c\r\n")),
    Case("a byte above 127 in a name", get(b"A\xe9: c\r\n")),
    Case("a field without a colon", get(b"Abc\r\n")),
    Case("a field without a name", get(b": c\r\n")),
    Case("a user from outside", get(b"X_Remote_User: root\r\n")),
    Case("two hosts", get(b"Host: y\r\n")),
    Case("no host", b"GET /one HTTP/1.1\r\n\r\n"),
    Case("a host with a slash", b"GET /one HTTP/1.1\r\nHost: x/y\r\n\r\n"),
    Case("a host with a user", b"GET /one HTTP/1.1\r\nHost: u@x\r\n\r\n"),
    Case("a host with a blank", b"GET /one HTTP/1.1\r\nHost: x y\r\n\r\n"),
    Case("a list of hosts", b"GET /one HTTP/1.1\r\nHost: x, y\r\n\r\n"),
    Case("an absolute target", get(target=b"http://y/one")),
    Case("length named by Connection", post(b"Connection: Content-Length\r\nContent-Length: %d\r\n"
                                            % len(TWO), TWO)),
    Case("coding named by Connection",
         post(b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n", LAST)),
    Case("an upgrade to HTTP/2", get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                                     b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n")),
    Case("a body that is waited for", length(b"3\r\nExpect: 100-continue", b"abc")),
    Case("65 KB of one field", get(b"A: " + b"a" * 66000 + b"\r\n")),
    Case("300 fields", get(b"A: b\r\n" * 300)),
    # Request lines.
    Case("a blank in the target", get(target=b"/one /two")),
    Case("a tab for a blank", get(line=b"GET\t/one\tHTTP/1.1")),
    Case("two blanks", get(line=b"GET  /one HTTP/1.1")),
    Case("a blank at the end", get(line=b"GET /one HTTP/1.1 ")),
    Case("a blank at the beginning", get(line=b" GET /one HTTP/1.1")),
    Case("a method in small letters", get(line=b"get /one HTTP/1.1")),
    Case("an unknown method", get(line=b"FOO /one HTTP/1.1")),
    Case("a method with a colon", get(line=b"G:T /one HTTP/1.1")),
    Case("the version in small letters", get(line=b"GET /one http/1.1")),
    Case("version 0.9", b"GET /one\r\n"),
    Case("version 1.2", get(line=b"GET /one HTTP/1.2")),
    Case("version 1.10", get(line=b"GET /one HTTP/1.10")),
    Case("version 2.0", get(line=b"GET /one HTTP/2.0")),
    Case("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Case("another protocol", get(line=b"OPTIONS /one RTSP/1.0")),
    Case("a fragment", get(target=b"/one#two")),
    Case("a byte above 127 in the target", get(target=b"/one\xe9")),
    Case("a NUL in the target", get(target=b"/one%00")),
    Case("a target that climbs out", get(target=b"/../one")),
    Case("dots as escapes", get(target=b"/a/%2e%2e/one")),
    Case("a broken escape", get(target=b"/one%zz")),
    Case("a backslash", get(target=b"/a\\..\\one")),
    Case("a target without a slash", get(target=b"one")),
    Case("10 KB of target", get(target=b"/one" + b"a" * 10000)),
    Case("TRACE", get(line=b"TRACE /one HTTP/1.1")),
    Case("CONNECT", get(line=b"CONNECT one:80 HTTP/1.1")),
    Case("an empty line before", b"\r\n" + get()),
    Case("a LF before", b"\n" + get()),
    Case("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40),
    # What is sound.
    Case("a plain request", get()),
    Case("a body", length(b"3", b"abc")),
    Case("chunks", chunked(b"3\r\nabc\r\n1\r\nd\r\n" + LAST)),
    Case("two requests, one behind the other", get() + TWO, 2),
    Case("a request behind the last one", get(b"Connection: close\r\n") + TWO),
]


def chunks_end(data, at):
    """Where chunks that begin at `at` end, read as generously as anybody might; -1 = not yet."""
    while True:
        line_end = data.find(b"\n", at)
        if line_end < 0:
            return -1
        digits = re.match(rb"[ \t+]*(?:0x)?([0-9a-fA-F_]*)", data[at:line_end]).group(1)
        size = int(digits.replace(b"_", b"") or b"0", 16)
        at = line_end + 1
        if size == 0:
            end = re.compile(rb"\r?\n").match(data, at)
            trailers = re.compile(rb"\r?\n\r?\n").search(data, at)
            return end.end() if end else trailers.end() if trailers else -1
        at += size
        if len(data) < at + 2:
            return -1
        at += 2 if data[at:at + 2] == b"\r\n" else 1


def answer(connection):
    """False = the other end is gone."""
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    except OSError:
        return False
    return True


def receive(connection):
    try:
        return connection.recv(65536)
    except OSError:
        return b""


class Witness:
    """A server that reads requests as generously as any, answers each, and keeps all bytes."""

    def __init__(self):
        self.door = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.door.getsockname()[1]
        self.streams = []  # of each connection, what has come
        self.requests = []  # request lines
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        stream = bytearray()
        self.streams.append(stream)
        begin = 0
        with connection:
            while True:
                end = self._request_end(bytes(stream), begin)
                if end >= 0:
                    self.requests.append(bytes(stream[begin:end]).split(b"\n")[0].strip())
                    begin = end
                    if not answer(connection):
                        return
                    continue
                part = receive(connection)
                if not part:
                    return
                stream += part

    @staticmethod
    def _request_end(data, begin):
        """Where the first request from `begin` on ends; -1 = not yet."""
        head = re.compile(rb"\r?\n\r?\n").search(data, begin)
        if not head:
            return -1
        text = data[begin:head.end()].lower()
        if re.search(rb"transfer.encoding[^\n]*\n?[^\n]*chunked", text):
            return chunks_end(data, head.end())
        sizes = re.findall(rb"\ncontent.length[^\n\d]*(\d+)", text)
        end = head.end() + (int(sizes[-1]) if sizes else 0)
        return end if len(data) >= end else -1


NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{upstream};
      proxy_http_version 1.1; proxy_set_header Connection ""; proxy_ignore_client_abort on;
    }}
  }}
}}
"""

HAPROXY = """
global
  maxconn 512
defaults
  mode http
  timeout client 20s
  timeout server 5s
  timeout connect 5s
frontend web
  bind 127.0.0.1:{port}
  default_backend witness
backend witness
  server witness 127.0.0.1:{upstream}
"""


class Peer:
    """nginx or HAProxy in front of a witness of its own."""

    def __init__(self, test, name, template, command):
        self.witness = Witness()
        test.addCleanup(self.witness.close)
        self.port = free_port()
        config = test.write(test.path(f"{name}.conf"), template.format(
            folder=test.folder, port=self.port, upstream=self.witness.port))
        process = subprocess.Popen([part.format(config=config) for part in command],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        test.addCleanup(process.wait)
        test.addCleanup(process.kill)
        wait_until(lambda: can_connect(self.port), f"{name} listens")


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def ask(port, data):
    """The statuses that come back for these bytes, as text; "closed" if none does."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
        replies = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                replies += part
        except OSError:
            pass  # it was closed before it had read everything
    statuses = [each.decode() for each in STATUS.findall(replies) if each != b"100"]
    return " ".join(statuses) or "closed"


# One canonical form, which all servers read alike.
LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[\t\x20-\x7e\x80-\xff]*")
START = re.compile(rb"[A-Z]+ /[\x21-\x22\x24-\x7e]* HTTP/1\.1")


def canonical_requests(data):
    """How many complete requests these bytes are. Raises ValueError if any of them could be read in
    two ways; one that is cut may stand at the end."""
    count = 0
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        if not end:
            return count
        first, *lines = head.split(b"\r\n")
        if not START.fullmatch(first):
            raise ValueError(f"request line {first!r}")
        fields = []
        for line in lines:
            if not LINE.fullmatch(line):
                raise ValueError(f"field {line!r}")
            name, _, value = line.partition(b":")
            fields.append((name.lower(), value.strip(b" \t")))
        lengths = [value for name, value in fields if name == b"content-length"]
        codings = [value for name, value in fields if name == b"transfer-encoding"]
        if len(lengths) + len(codings) > 1 or codings not in ([], [b"chunked"]):
            raise ValueError(f"framing {lengths} {codings}")
        if codings:
            match = re.match(rb"(?:([1-9a-f][0-9a-f]*)\r\n)", data)
            while match:
                size = int(match.group(1), 16)
                rest = data[match.end() + size:]
                if len(rest) >= 2 and not rest.startswith(b"\r\n"):
                    raise ValueError("chunk")
                data = rest[2:]
                match = re.match(rb"(?:([1-9a-f][0-9a-f]*)\r\n)", data)
            if not data.startswith(b"0\r\n"):
                return count
            trailers, end, data = data[1:].partition(b"\r\n\r\n")
            if not end:
                return count
            if not all(LINE.fullmatch(line) for line in trailers.split(b"\r\n")[1:] if line):
                raise ValueError(f"trailers {trailers!r}")
        elif lengths:
            if not re.fullmatch(rb"[0-9]{1,19}", lengths[0]):
                raise ValueError(f"length {lengths}")
            if len(data) < int(lengths[0]):
                return count
            data = data[int(lengths[0]):]
        count += 1
    return count
