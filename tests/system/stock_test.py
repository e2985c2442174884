# The unit files that berth ships, with the programs that they are for.
import pathlib
import shutil
import socket
import unittest

from harness import HERE, PYTHON, free_port, read_text, wait_until
from proxied import TenantTest

STOCK = HERE.parents[1] / "units/stock"
RACKUP = "run ->(env) { [200, {}, [\"%s \" + ENV.fetch('RAILS_APP_DB', '') + env['PATH_INFO']]] }\n"


class Stock(TenantTest):
    """One application below APP_ROOT, and everything else by the variables that the units read."""

    def setUp(self):
        super().setUp()
        self.redis_port, self.cable_port = free_port(), free_port()
        self.root = self.folder / "app"
        for name in ("bin", "cable", "config", "public"):
            (self.root / name).mkdir(parents=True)
        self.variables = {"APP_ROOT": str(self.root), "PORT": str(self.port),
                          "REDIS_PORT": str(self.redis_port), "CABLE_PORT": str(self.cable_port)}

    def take(self, *names):
        """These units are the admin's now: they start at boot."""
        for name in names:
            target = pathlib.Path(shutil.copy(STOCK / f"{name}.toml", self.units))
            target.chmod(0o644)

    def boot_stock(self, **more):
        return self.boot(env={**self.variables, **more})

    def ask_redis(self, *words):
        """The lines of the answer of Redis."""
        with socket.create_connection(("127.0.0.1", self.redis_port), timeout=10) as connection:
            connection.sendall((" ".join(words) + "\r\nQUIT\r\n").encode())
            return connection.makefile(encoding="utf-8").read().splitlines()

    def test_redis_is_a_cache_of_bounded_memory(self):
        self.take("redis")
        berth = self.boot_stock(REDIS_MAXMEMORY="7mb")
        berth.wait_for_state("redis", "running")

        self.assertIn(str(7 * 1024 * 1024), self.ask_redis("CONFIG GET maxmemory"))
        self.assertIn("allkeys-lru", self.ask_redis("CONFIG GET maxmemory-policy"))
        server = berth.wait_for_process("redis-server")
        self.assertNotIn("0", server.status()["Uid"].split())
        self.assertEqual(0, berth.stop())

    def test_vector_runs_only_where_it_is_wanted(self):
        """A stand-in for it; what is asked of it is the condition, and that it gets the log."""
        vector = self.script("vector", f"""exec {PYTHON} -c '
import os, socket
listener = socket.socket(socket.AF_UNIX)
listener.bind("{self.path("vector.sock")}")
listener.listen()
while True:
    connection, _ = listener.accept()
    for line in connection.makefile():
        open("{self.path("taken")}", "a").write(line)
'""")
        self.take("vector")
        drop_in = self.units / "vector.toml.d"
        drop_in.mkdir()
        self.write(drop_in / "test.toml", f'[service]\ncommand = ["{vector}"]\n[process]\n'
                                          'user = "root"\ndirectories = []\n')
        self.config(f'[log]\nsocket = "{self.path("vector.sock")}"\n')
        berth = self.boot_stock()
        berth.wait_for_state("vector", "skipped")
        self.assertEqual(0, berth.stop())

        berth = self.boot_stock(ENABLE_VECTOR="1", VECTOR_SOCKET=str(self.path("vector.sock")))
        berth.wait_for_state("vector", "running")
        wait_until(lambda: "vector: ready" in read_text(self.path("taken")), "a line of the log")
        self.assertEqual(0, berth.stop())

    def test_an_application_of_stock_units_alone(self):
        self.take("redis", "cable", "initialize", "tenant@", "web")
        self.write(self.root / "bin/initialize",
                   "#!/bin/sh\nprintf '[instances.tenant]\\n\"2025/boston\" = {}\\n' "
                   "> $BERTH_UNITS_DIR/tenants.toml\n", 0o755)
        self.write(self.root / "config/puma.rb", 'threads 1, 1\nquiet\n'
                   'bind_to_activated_sockets "only"\n')
        self.write(self.root / "config.ru", RACKUP % "tenant")
        self.write(self.root / "cable/config.ru", RACKUP % "cable")
        self.write(self.root / "public/style.css", "body{}")
        berth = self.boot_stock()

        berth.wait_for_state("cable", "running")
        self.wait_until_served("/2025/boston/")

        self.assertEqual("tenant 2025-boston/2025/boston/", self.get_ok("/2025/boston/").body)
        self.assertEqual("body{}", self.get_ok("/style.css").body)
        self.get_ok("/up")
        with socket.create_connection(("127.0.0.1", self.cable_port), timeout=10) as connection:
            connection.sendall(b"GET /cable HTTP/1.0\r\n\r\n")
            self.assertTrue(connection.makefile("rb").read().endswith(b"cable /cable"))
        self.assertEqual(0, berth.stop())


if __name__ == "__main__":
    unittest.main()
