# A stand-in for the machines API of fly.io: HTTP at a Unix socket, one question a connection.
import socket
import threading


class MachinesApi:
    """Answers with `status` and `body`; `status` None: closes without an answer. Keeps the request
    lines in `asked`, and the whole heads in `heads`."""

    def __init__(self, test, path):
        self.status, self.body = "200 OK", '{"ok": true}'
        self.asked, self.heads = [], []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        test.addCleanup(self._close)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._answer(connection)

    def _answer(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(4096)
            if not part:
                return
            head += part
        if self.status is not None:
            connection.sendall(f"HTTP/1.1 {self.status}\r\nContent-Type: application/json\r\n"
                               f"Content-Length: {len(self.body)}\r\n\r\n{self.body}".encode())
        self.heads.append(head.decode())
        self.asked.append(head.decode().splitlines()[0])
