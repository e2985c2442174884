// Signal handlers for the worst case. After the signal: only async-signal-safe calls, and the
// unwinder, which is not; if it breaks as well, the second signal goes on without a report.
#include "init/os/crash_handler.h"

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstring>

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

namespace berth::os {
namespace {

constexpr std::array<int, 6> kFatalSignals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
constexpr std::size_t kStackSize = std::size_t{64} * 1024;
constexpr std::size_t kMostModules = 16;
constexpr std::size_t kMostFrames = 32;
constexpr std::size_t kBuildIdSize = 20;
constexpr int kMostDescriptors = 65'536;
constexpr int kWriteLimit = 1'000;  // milliseconds

/// One mapped object: berth itself or a library.
struct Module {
  const char* name = nullptr;
  std::uintptr_t base = 0;  ///< what is subtracted for addr2line(1)
  std::uintptr_t begin = 0, end = 0;
};

/// All that the handler knows, found out beforehand. Static, because a signal handler is given
/// nothing; untouched pages of the stack take no memory.
struct Crash {
  std::array<char, kStackSize> stack;
  std::array<char, PATH_MAX> program;
  std::array<Module, kMostModules> modules;
  std::size_t module_count;
  std::array<unsigned char, kBuildIdSize> build_id;
  std::size_t build_id_size;
  volatile std::sig_atomic_t depth;  ///< signals so far
};
Crash crash;

/// A line in the making; what does not fit is left out.
class Line {
 public:
  Line& text(const char* part) {
    while (*part != '\0' && size_ < bytes_.size() - 1)
      bytes_[size_++] = *part++;
    return *this;
  }
  Line& number(std::uint64_t value, unsigned base = 10, unsigned least_digits = 1) {
    std::array<char, 32> digits{};
    std::size_t first = digits.size() - 1;
    do {
      digits[--first] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0 || digits.size() - 1 - first < least_digits);
    return text(&digits[first]);
  }
  Line& hex(std::uint64_t value) { return text("0x").number(value, 16); }

  /// A pipe with room for one byte has room for PIPE_BUF of them: a reader that has stalled does
  /// not hold us.
  void write() {
    bytes_[size_++] = '\n';
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&ready, 1, kWriteLimit) == 1 && ::write(STDERR_FILENO, bytes_.data(), size_) < 0)
      return;  // nobody is left to tell
  }

 private:
  std::array<char, 512> bytes_;
  std::size_t size_ = 0;
};

const char* name_of(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    case SIGABRT:
      return "SIGABRT";
    default:
      return "SIGSYS";
  }
}

void keep_build_id(const char* notes, std::size_t size) {
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) head;
    std::memcpy(&head, notes, sizeof head);
    const std::size_t name = (head.n_namesz + 3U) & ~3U;
    const std::size_t content = (head.n_descsz + 3U) & ~3U;
    if (sizeof head + name + content > size)
      return;
    if (head.n_type == NT_GNU_BUILD_ID && head.n_descsz <= crash.build_id.size()) {
      std::memcpy(crash.build_id.data(), notes + sizeof head + name, head.n_descsz);
      crash.build_id_size = head.n_descsz;
      return;
    }
    notes += sizeof head + name + content;
    size -= sizeof head + name + content;
  }
}

// dl_iterate_phdr(3) calls it for each object, the program first and without a name.
int keep_module(dl_phdr_info* info, std::size_t, void*) {
  if (crash.module_count == crash.modules.size())
    return 1;
  const bool is_program = crash.module_count == 0;
  Module& module = crash.modules[crash.module_count++];
  const char* slash = std::strrchr(info->dlpi_name, '/');
  module.name = is_program ? "berth" : slash != nullptr ? slash + 1 : info->dlpi_name;
  module.base = info->dlpi_addr;
  module.begin = UINTPTR_MAX;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = info->dlpi_phdr[i];
    const std::uintptr_t begin = info->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD) {
      module.begin = begin < module.begin ? begin : module.begin;
      module.end = begin + part.p_memsz > module.end ? begin + part.p_memsz : module.end;
    } else if (part.p_type == PT_NOTE && is_program && crash.build_id_size == 0) {
      keep_build_id(reinterpret_cast<const char*>(begin), part.p_memsz);
    }
  }
  return 0;
}

void add_place(Line& line, std::uintptr_t address) {
  for (std::size_t i = 0; i < crash.module_count; ++i) {
    const Module& module = crash.modules[i];
    if (address >= module.begin && address < module.end) {
      line.text(module.name).text("+").hex(address - module.base);
      return;
    }
  }
  line.hex(address);
}

std::uintptr_t program_counter(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return machine.pc;
#else
  static_cast<void>(machine);
  return 0;
#endif
}

struct Frames {
  std::array<std::uintptr_t, kMostFrames> at;
  std::size_t count = 0;
};

_Unwind_Reason_Code keep_frame(_Unwind_Context* context, void* argument) {
  Frames& frames = *static_cast<Frames*>(argument);
  if (frames.count == frames.at.size())
    return _URC_END_OF_STACK;
  frames.at[frames.count++] = _Unwind_GetIP(context);
  return _URC_NO_REASON;
}

void report_stack(std::uintptr_t broken_at) {
  Frames frames;
  _Unwind_Backtrace(keep_frame, &frames);
  std::size_t first = 0;
  while (first < frames.count && frames.at[first] != broken_at)
    ++first;
  if (first == frames.count)
    first = 0;  // the handler's own frames are better than none
  for (std::size_t i = first; i < frames.count; ++i) {
    Line line;
    line.text("berth: crash:   #").number(i - first).text(" ");
    add_place(line, frames.at[i]);
    line.write();
  }
}

void report(int signal, const siginfo_t& info, const void* context) {
  const std::uintptr_t broken_at = program_counter(context);
  Line line;
  line.text("berth: crash: ").text(name_of(signal));
  if (info.si_code <= 0)  // SI_USER, SI_TKILL …: sent, not caused
    line.text(" from pid ").number(static_cast<std::uint64_t>(info.si_pid));
  else
    line.text(" for address ").hex(reinterpret_cast<std::uintptr_t>(info.si_addr));
  line.text(" at ");
  add_place(line, broken_at);
  line.text(" of berth " BERTH_VERSION ", build ");
  for (std::size_t i = 0; i < crash.build_id_size; ++i)
    line.number(crash.build_id[i], 16, 2);
  line.write();
  report_stack(broken_at);
}

// The reading ends of the units' pipes stay open: who writes his last words into one that is not
// read by anybody is killed by SIGPIPE before he has acted on SIGTERM.
void keep_pipes() {
  for (int fd = STDERR_FILENO + 1; fd < kMostDescriptors; ++fd) {
    struct stat status {};
    if (::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) &&
        (::fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
      ::fcntl(fd, F_SETFD, 0);
  }
}

void start_emergency() {
  keep_pipes();
  char name[] = "berth";
  char mode[] = "--emergency";
  char* const arguments[] = {name, mode, nullptr};
  ::execve("/proc/self/exe", arguments, environ);
  ::execve(crash.program.data(), arguments, environ);
}

void on_crash(int signal, siginfo_t* info, void* context) {
  const int depth = crash.depth + 1;
  crash.depth = depth;
  if (depth == 1)
    report(signal, *info, context);
  if (depth <= 2)
    start_emergency();
  ::_exit(kCrashed);
}

}  // namespace

void install_crash_handler(const std::string& program) {
  if (program.size() < crash.program.size())
    program.copy(crash.program.data(), program.size());
  ::dl_iterate_phdr(keep_module, nullptr);

  // The stack may be what is broken.
  stack_t stack{};
  stack.ss_sp = crash.stack.data();
  stack.ss_size = crash.stack.size();
  ::sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_crash;
  // SA_NODEFER: a crash of the handler comes back to it, and to a shorter way.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int signal : kFatalSignals)
    ::sigaction(signal, &action, nullptr);
}

}  // namespace berth::os
