// The first steps of a process.
#include "init/os/startup.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <initializer_list>
#include <span>

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

namespace berth::os {

namespace {

// Where there is no /dev/null: reads and writes of an O_PATH descriptor fail, and do no harm.
void hold_standard_places() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/", O_PATH) < 0)
      return;
}

void forget_program_pages() {
  const auto* const headers = reinterpret_cast<const ElfW(Phdr)*>(::getauxval(AT_PHDR));
  const std::span segments(headers, headers != nullptr ? ::getauxval(AT_PHNUM) : 0);
  const auto self = std::find_if(segments.begin(), segments.end(),
                                 [](const auto& each) { return each.p_type == PT_PHDR; });
  if (self == segments.end())
    return;
  const std::uintptr_t loaded_at = reinterpret_cast<std::uintptr_t>(headers) - self->p_vaddr;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (const ElfW(Phdr) & segment : segments) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0)
      continue;
    const std::uintptr_t begin = (loaded_at + segment.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = loaded_at + segment.p_vaddr + segment.p_filesz;
    // Never written, so nothing is lost: a private file mapping is read again (man 2 madvise).
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
}

}  // namespace

void secure_standard_fds() {
  int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  while (fd >= 0 && fd <= STDERR_FILENO) {
    ::fcntl(fd, F_SETFD, 0);
    fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  }
  if (fd >= 0)
    ::close(fd);
  hold_standard_places();
  // Refused by old seccomp profiles; children close what they were not given in any case.
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

void hold_signals() {
  sigset_t held;
  ::sigemptyset(&held);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGPIPE})
    ::sigaddset(&held, signal);
  ::sigprocmask(SIG_BLOCK, &held, nullptr);
}

rlimit raise_nofile() {
  rlimit original{};
  ::getrlimit(RLIMIT_NOFILE, &original);
  rlimit raised = original;
  raised.rlim_cur = raised.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &raised);
  return original;
}

void give_back_memory() {
  ::malloc_trim(0);
  forget_program_pages();
}

}  // namespace berth::os
