# A user whom only the name services know: here systemd's, which read a record of /run/userdb.
import json
import unittest

from harness import SystemTest

USER = {"userName": "far-user", "uid": 45678, "gid": 45679, "homeDirectory": "/home/far"}

# In the mount namespace of this berth alone.
KNOW_THE_USER = """
mount -t tmpfs none /run && mkdir /run/userdb && cp "$1" /run/userdb/far-user.user &&
mount --bind "$2" /etc/nsswitch.conf && shift 2 && exec "$@"
"""


class NameServices(SystemTest):
    def boot_knowing(self):
        with open(self.path("user"), "w", encoding="utf-8") as file:
            json.dump(USER, file)
        with open(self.path("nsswitch"), "w", encoding="utf-8") as file:
            file.write("passwd: files systemd\ngroup: files systemd\n")
        return self.boot(wrapper=["sh", "-c", KNOW_THE_USER, "sh", self.path("user"),
                                  self.path("nsswitch")])

    def test_a_unit_runs_as_a_user_that_is_in_no_file(self):
        self.service("a", ["sh", "-c", "echo \"$(id -u) $(id -g) $HOME\"; exec sleep 4711"],
                     rest='[process]\nuser = "far-user"')

        berth = self.boot_knowing()

        berth.wait_for_line(r"^\[a\] 45678 45679 /home/far$")
        self.assertEqual(0, berth.stop())

    def test_a_user_whom_nobody_knows_fails_the_unit_alone(self):
        self.service("a", ["sleep", "4711"], rest='[process]\nuser = "nobody-at-all"')
        self.service("b", ["sleep", "4712"])

        berth = self.boot_knowing()

        berth.wait_for_line(r'^\[berth\] error: a: failed: \[process\] user "nobody-at-all": '
                            "no such user$")
        berth.wait_for_process("sleep 4712")
        self.assertEqual(0, berth.stop())


if __name__ == "__main__":
    unittest.main()
