// What PID 1 does when its own code breaks: it says where, and becomes something simpler.
#pragma once

#include <string>

namespace berth::os {

/// The exit status of a berth that has broken.
inline constexpr int kCrashed = 70;  // EX_SOFTWARE of sysexits.h

/// From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGSYS end in a report to standard
/// error (the signal, its address or sender, the call stack as offsets into the program, its
/// build id) and in `PROGRAM --emergency`, executed in the place of this process: the state of a
/// broken program is not to be trusted, so nothing of it is kept. The signals' default would be the
/// end of the container without a word (man 7 pid_namespaces).
/// program: the path of this program, for where /proc is missing.
void install_crash_handler(const std::string& program);

}  // namespace berth::os
