// The terminal that is standard input, if it is one (man 7 credentials, man 4 tty_ioctl).
#pragma once

#include <sys/types.h>

namespace berth::os {

/// In a child, before exec: a process group of its own, in the foreground if its parent's was (so
/// Ctrl-C and SIGWINCH reach it, and job control works in a shell); without a controlling terminal
/// a session of its own that takes the terminal, if there is one. Async-signal-safe.
/// REQUIRES: SIGTTOU is blocked (man 3 tcsetpgrp).
/// False if neither a group nor a session could be made.
bool take_terminal();

/// The foreground goes from our own process group to `group`, or comes back from it. Nothing
/// happens if it is somebody else's. REQUIRES: SIGTTOU is blocked.
void give_terminal(pid_t group);
void take_back_terminal(pid_t group);

/// Whether the child has been stopped from its terminal (Ctrl-Z, or reading and writing in the
/// background) since the last look.
bool was_stopped_by_terminal(pid_t child);
/// SIGCONT to all of it.
void continue_group(pid_t group);
/// Whether a shell could continue us: we are neither PID 1 nor the leader of our session.
bool is_job_of_a_shell();
/// Stops this process until somebody continues it.
void stop_itself();

}  // namespace berth::os
