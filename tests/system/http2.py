# An HTTP/2 client for tests: the state machine of python3-h2 on a socket, and frames that no
# honest client sends.
import collections
import dataclasses
import re
import socket
import ssl
import struct
import sys

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's python3-h2, for whatever Python 3 runs
import h2.config
import h2.connection
import h2.events
import hyperframe.frame

from harness import DEADLINE

HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 1, 3, 4, 6, 8, 9
ENHANCE_YOUR_CALM = 11


@dataclasses.dataclass
class Answer:
    status: int = 0
    headers: dict = dataclasses.field(default_factory=dict)
    interim: list = dataclasses.field(default_factory=list)  # statuses
    body: bytearray = dataclasses.field(default_factory=bytearray)
    size: int = 0
    trailers: dict = dataclasses.field(default_factory=dict)
    ended: bool = False
    reset: int | None = None  # the error code

    def is_over(self):
        return self.ended or self.reset is not None


class Client:
    """One connection. What is received on a stream is acknowledged at once, unless it is in `stalled`."""

    def __init__(self, context, port):
        context.set_alpn_protocols(["h2", "http/1.1"])
        plain = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        if self.socket.selected_alpn_protocol() != "h2":
            raise AssertionError(f"negotiated: {self.socket.selected_alpn_protocol()}")
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8", validate_outbound_headers=False,
            normalize_outbound_headers=False))
        # h2 itself would take a GOAWAY for the end of what is under way.
        self.h2._frame_dispatch_table[hyperframe.frame.GoAwayFrame] = self._on_goaway
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(10_000_000)  # a stream that stalls is to stall alone
        self.answers = collections.defaultdict(Answer)
        self.stalled = set()
        self.keep_bodies = True
        self.goaway = None  # the error code
        self.closed = False
        self.flush()

    def close(self):
        self.socket.close()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.socket.sendall(data)

    def start(self, path, method="GET", headers=(), end=True, authority="localhost"):
        """Sends a request's head; the number of its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, [(":method", method), (":scheme", "https"),
                                      (":authority", authority), (":path", path), *headers],
                             end_stream=end)
        self.flush()
        return stream

    def get(self, path, **options):
        """The whole answer."""
        return self.finish(self.start(path, **options))

    def post(self, path, body, **options):
        stream = self.start(path, method="POST", end=False, **options)
        self.send(stream, body, end=True)
        return self.finish(stream)

    def send(self, stream, data, end=False):
        """Sends all of it, as the windows allow."""
        data = memoryview(data)
        while len(data) > 0:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room == 0:
                self.receive()
                continue
            self.h2.send_data(stream, data[:room].tobytes())
            self.flush()
            data = data[room:]
        if end:
            self.h2.end_stream(stream)
            self.flush()

    def finish(self, stream):
        self.until(lambda: self.answers[stream].is_over())
        return self.answers[stream]

    def until(self, condition):
        while not condition():
            if self.closed:
                raise AssertionError(f"closed, goaway {self.goaway}, {dict(self.answers)}")
            self.receive()

    def until_closed(self):
        while not self.closed:
            self.receive()

    def receive(self):
        """One read."""
        try:
            data = self.socket.recv(1 << 18)
        except (ConnectionError, ssl.SSLError) as error:
            if isinstance(error, TimeoutError):
                raise
            data = b""
        if not data:
            self.closed = True
            return
        for event in self.h2.receive_data(data):
            self._take(event)
        self.flush()

    def _on_goaway(self, frame):
        self.goaway = frame.error_code
        return [], []

    def _take(self, event):
        stream = getattr(event, "stream_id", None)
        if not stream:
            return
        answer = self.answers[stream]
        if isinstance(event, h2.events.InformationalResponseReceived):
            answer.interim.append(int(dict(event.headers)[":status"]))
        elif isinstance(event, h2.events.ResponseReceived):
            answer.headers = dict(event.headers)
            answer.status = int(answer.headers[":status"])
        elif isinstance(event, h2.events.DataReceived):
            answer.size += len(event.data)
            if self.keep_bodies:
                answer.body += event.data
            if stream not in self.stalled:
                self.h2.acknowledge_received_data(event.flow_controlled_length, stream)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = dict(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            answer.ended = True
        elif isinstance(event, h2.events.StreamReset):
            answer.reset = int(event.error_code)

    def farewell(self):
        """The error code of the GOAWAY, for a connection whose book was not kept; None = there was none."""
        data = b""
        try:
            while part := self.socket.recv(1 << 16):
                data += part
        except (ConnectionError, ssl.SSLError):
            pass
        found = re.search(rb"(?s)\0\0.\x07\0\0\0\0\0.{4}(.{4})", data)
        return found and struct.unpack(">I", found.group(1))[0]

    def frame(self, kind, stream, payload=b"", flags=0):
        """The bytes of a frame."""
        return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + \
            struct.pack(">I", stream) + payload

    def send_raw(self, data):
        """Sends bytes that the state machine knows nothing of; False if the server has hung up."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False
