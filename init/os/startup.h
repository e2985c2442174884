// What a program of ours does with its inherited descriptors and limits before anything else.
#pragma once

#include <sys/resource.h>

namespace berth::os {

/// Opens /dev/null for those of 0, 1 and 2 that are closed, or the first file opened would become
/// the standard output (without a /dev/null, something takes the place that cannot be read or
/// written); everything above them becomes close-on-exec.
void secure_standard_fds();
/// Holds back the signals that ask berth to stop, or tell of a child, until SignalFd takes them: as
/// PID 1 an unhandled one would be lost (man 7 pid_namespaces). Children get an empty mask.
void hold_signals();
/// Raises the soft limit of open files to the hard one; returns what it was before, for the
/// children.
rlimit raise_nofile();
/// Gives back free heap, and the resident pages of the program's own code and constants, which come
/// again from the page cache when they are used: what ran once stays out of memory after it.
void give_back_memory();

}  // namespace berth::os
