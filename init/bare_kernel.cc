// From an empty machine to a place where berth can work, and the end of the machine.
#include "init/bare_kernel.h"

#include <array>
#include <cstdio>

#include <sys/mount.h>

#include "init/log.h"
#include "init/os/mounts.h"

namespace berth {
namespace {

// Parents before children. As systemd mounts them (its src/shared/mount-setup.c).
constexpr unsigned long kSealed = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr std::array<os::MountWish, 7> kMounts{{
    {"proc", "/proc", kSealed, "", nullptr},
    {"sysfs", "/sys", kSealed, "", nullptr},
    {"devtmpfs", "/dev", MS_NOSUID, "mode=0755", nullptr},
    {"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,gid=5", nullptr},
    {"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777", nullptr},
    {"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755", nullptr},
    {"cgroup2", "/sys/fs/cgroup", kSealed, "nsdelegate,memory_recursiveprot", ""},
}};

}  // namespace

void BareKernel::attempt(const Result<void>& done) {
  if (!done)
    problems_.push_back(done.error().message);
}

void BareKernel::prepare() {
  if (!is_here_)
    return;
  for (const os::MountWish& wish : kMounts)
    attempt(os::mount_if_free(wish));
  os::use_console();
  attempt(os::bring_up_loopback());
  attempt(os::take_ctrl_alt_del());
}

void BareKernel::say_problems() const {
  for (const std::string& problem : problems_)
    log_warning("first process of the kernel: " + problem);
}

void BareKernel::end(os::MachineEnd end) const {
  if (!is_here_)
    return;
  const Error refused = os::end_machine(end);
  std::fprintf(stderr, "berth: %s\n", refused.message.c_str());
}

}  // namespace berth
