// A filter of system calls in the kernel's own language.
#include "init/os/system_calls.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/os/errno_error.h"

namespace berth::os {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "which architecture does seccomp call this one?"
#endif

/// The calls of the x32 ABI have this bit: the same calls under other numbers.
constexpr std::uint32_t kOtherAbi = 0x40000000;
/// clone() with one of these makes a namespace.
constexpr std::uint32_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

constexpr auto kDangerous = std::to_array<long>({
  // Other programs and other processes.
  SYS_execve, SYS_execveat,
#if !defined(__SANITIZE_ADDRESS__)  // LeakSanitizer stops the threads of its own process by it
      SYS_ptrace,
#endif
      SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_pidfd_getfd, SYS_personality,
      // Namespaces and file systems.
      SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_open_tree,
      SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_open_by_handle_at,
      SYS_quotactl, SYS_swapon, SYS_swapoff,
      // The kernel itself.
      SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_init_module,
      SYS_finit_module, SYS_delete_module, SYS_kexec_load,
#if defined(SYS_kexec_file_load)
      SYS_kexec_file_load,
#endif
      SYS_add_key, SYS_request_key, SYS_keyctl, SYS_syslog, SYS_lookup_dcookie,
      // The machine.
      SYS_reboot, SYS_acct, SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime,
      SYS_adjtimex, SYS_clock_adjtime,
#if defined(__x86_64__)
      SYS_iopl, SYS_ioperm, SYS_modify_ldt,
#endif
});

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

sock_filter answer(std::uint32_t action) {
  return BPF_STMT(BPF_RET | BPF_K, action);
}

std::vector<sock_filter> filter() {
  constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
  std::vector<sock_filter> code;
  code.push_back(load(offsetof(seccomp_data, arch)));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
  code.push_back(answer(kRefuse));
  code.push_back(load(offsetof(seccomp_data, nr)));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kOtherAbi, 0, 1));
  code.push_back(answer(kRefuse));
  // The C library makes do with clone(), whose flags can be looked at.
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
  code.push_back(answer(SECCOMP_RET_ERRNO | ENOSYS));
  for (const long call : kDangerous) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    code.push_back(answer(kRefuse));
  }
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0));
  code.push_back(answer(SECCOMP_RET_ALLOW));
  code.push_back(load(offsetof(seccomp_data, args)));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kNamespaces, 0, 1));
  code.push_back(answer(kRefuse));
  code.push_back(answer(SECCOMP_RET_ALLOW));
  return code;
}

}  // namespace

Result<void> give_up_dangerous_calls() {
  std::vector<sock_filter> code = filter();
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
    return errno_error("install a filter of system calls");
  return {};
}

}  // namespace berth::os
