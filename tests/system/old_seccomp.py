# Executes a command under what old seccomp profiles of containers do to newer system calls.
"""usage: old_seccomp.py COMMAND [ARGUMENT]...

clone3, close_range, pidfd_open and pidfd_send_signal fail with EPERM, where a kernel that does not
know them would say ENOSYS.
"""

import ctypes
import errno
import os
import struct
import sys

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
BPF_LD_W_ABS, BPF_JEQ, BPF_RET = 0x20, 0x15, 0x06  # man 2 seccomp
RET_ALLOW, RET_ERRNO = 0x7FFF0000, 0x00050000
# The same numbers on every architecture (man 2 syscalls: since 5.1).
REFUSED = {"pidfd_send_signal": 424, "pidfd_open": 434, "clone3": 435, "close_range": 436}


def refuse():
    numbers = list(REFUSED.values())
    program = [(BPF_LD_W_ABS, 0, 0, 0)]  # the number of the call
    program += [(BPF_JEQ, len(numbers) - index, 0, number) for index, number in enumerate(numbers)]
    program += [(BPF_RET, 0, 0, RET_ALLOW), (BPF_RET, 0, 0, RET_ERRNO | errno.EPERM)]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) != 0:
        sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")


refuse()
os.execvp(sys.argv[1], sys.argv[1:])
