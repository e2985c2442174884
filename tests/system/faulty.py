# Executes a command, some of whose system calls ask the test whether they may succeed.
"""usage: faulty.py SOCKET CALLS COMMAND [ARGUMENT]...

CALLS: names of CALL_NUMBERS, with commas between them. The descriptor on which the kernel asks goes
to whoever listens on SOCKET: a Faults of faults.py (man 2 seccomp_unotify).
"""

import ctypes
import os
import platform
import socket
import struct
import sys

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER = 1, 1 << 3
BPF_LD_W_ABS, BPF_JEQ, BPF_RET = 0x20, 0x15, 0x06
RET_ALLOW, RET_USER_NOTIF = 0x7FFF0000, 0x7FC00000

IS_X86 = platform.machine() == "x86_64"
SECCOMP = 317 if IS_X86 else 277
# On x86_64, and on the architectures with the newer numbers.
CALL_NUMBERS = {name: numbers[0 if IS_X86 else 1] for name, numbers in {
    "mmap": (9, 222), "brk": (12, 214), "openat": (257, 56), "pipe2": (293, 59),
    "accept4": (288, 242), "socketpair": (53, 199), "clone3": (435, 435)}.items()}


def filter_of(numbers):
    program = [(BPF_LD_W_ABS, 0, 0, 0)]  # the number of the call
    program += [(BPF_JEQ, len(numbers) - index, 0, number) for index, number in enumerate(numbers)]
    program += [(BPF_RET, 0, 0, RET_ALLOW), (BPF_RET, 0, 0, RET_USER_NOTIF)]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)


def main():
    # Everything is made before the filter: from then on nobody answers until the test does.
    numbers = [CALL_NUMBERS[name] for name in sys.argv[2].split(",")]
    code = filter_of(numbers)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(sys.argv[1])
        listener = libc.syscall(SECCOMP, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                                header)
        if listener < 0:
            sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")
        socket.send_fds(door, [b"x"], [listener])
    os.close(listener)
    os.execvp(sys.argv[3], sys.argv[3:])


main()
