# An Action Cable subscriber: the Ruby client beside this file, read line by line.
import json
import pathlib
import queue
import subprocess
import threading
import time

CLIENT = pathlib.Path(__file__).resolve().parent / "cable_client"
FRAME_SECONDS = 10


class Cable:
    """A connection to the cable server; `with` closes it."""

    def __init__(self, port, path):
        self.lines = queue.Queue()
        self.client = subprocess.Popen(
            [CLIENT, f"ws://127.0.0.1:{port}{path}", f"http://127.0.0.1:{port}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.kill()
        self.client.wait()

    def _read(self):
        for line in self.client.stdout:
            self.lines.put(line.rstrip("\n"))

    def _next(self, matches, what, timeout):
        """The next frame for which `matches` holds, others are skipped; None if none comes in time."""
        deadline = time.monotonic() + timeout
        while (rest := deadline - time.monotonic()) > 0:
            try:
                line = self.lines.get(timeout=rest)
            except queue.Empty:
                return None
            kind, _, text = line.partition(" ")
            if kind in ("close", "error"):
                raise AssertionError(f"the connection ended before {what}: {line}")
            if kind == "text" and matches(frame := json.loads(text)):
                return frame
        return None

    def expect(self, matches, what):
        frame = self._next(matches, what, FRAME_SECONDS)
        if frame is None:
            raise AssertionError(f"no {what} within {FRAME_SECONDS} s")
        return frame

    def expect_welcome(self):
        return self.expect(lambda frame: frame.get("type") == "welcome", "welcome")

    def subscribe(self, tenant, answer="confirm_subscription"):
        """Subscribes to the scores of a tenant by its signed name and waits for `answer`."""
        identifier = json.dumps({"channel": "ScoresChannel", "tenant": tenant})
        self.client.stdin.write(json.dumps({"command": "subscribe", "identifier": identifier}) + "\n")
        self.client.stdin.flush()
        self.expect(lambda frame: frame.get("type") == answer and frame["identifier"] == identifier, answer)

    def expect_message(self):
        return self.expect(lambda frame: "message" in frame and "identifier" in frame, "broadcast")["message"]

    def is_silent(self, seconds):
        """Whether nothing but pings arrives for that long."""
        return self._next(lambda frame: frame.get("type") != "ping", "silence", seconds) is None
