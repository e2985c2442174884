// What only the first process of a kernel asks the kernel for.
#include "init/os/machine.h"

#include <cstring>

#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "init/os/errno_error.h"
#include "init/os/fd.h"

namespace berth::os {
namespace {

constexpr ino_t kInitialPidNamespace = 0xEFFFFFFC;  // PROC_PID_INIT_INO
constexpr const char* kOwnPidNamespace = "self/ns/pid";

bool is_initial_namespace_in(BorrowedFd proc) {
  struct stat status {};
  return ::fstatat(proc.raw(), kOwnPidNamespace, &status, 0) == 0 &&
         status.st_ino == kInitialPidNamespace;
}

UniqueFd open_proc() {
  UniqueFd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct statfs about {};
  if (proc.is_open() && ::fstatfs(proc.raw(), &about) == 0 && about.f_type == PROC_SUPER_MAGIC)
    return proc;
  const UniqueFd context(::fsopen("proc", FSOPEN_CLOEXEC));
  if (!context.is_open() ||
      ::fsconfig(context.raw(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return {};
  return UniqueFd(::fsmount(context.raw(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
}

}  // namespace

bool is_first_of_kernel() {
  if (::getpid() != 1)
    return false;
  const UniqueFd proc = open_proc();
  return proc.is_open() && is_initial_namespace_in(proc.borrow());
}

Result<void> bring_up_loopback() {
  const UniqueFd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", sizeof "lo");
  if (!any.is_open() || ::ioctl(any.raw(), SIOCGIFFLAGS, &request) != 0)
    return errno_error("find the loopback interface");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(any.raw(), SIOCSIFFLAGS, &request) != 0)
    return errno_error("bring up the loopback interface");
  return {};
}

Result<void> take_ctrl_alt_del() {
  if (::reboot(RB_DISABLE_CAD) != 0)
    return errno_error("take over Ctrl-Alt-Del");
  return {};
}

void use_console() {
  int fd = ::open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
  while (fd >= 0 && fd <= STDERR_FILENO) {
    ::fcntl(fd, F_SETFD, 0);
    fd = ::open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
  }
  if (fd >= 0)
    ::close(fd);
}

Error end_machine(MachineEnd end) {
  ::sync();
  ::reboot(end == MachineEnd::restart ? RB_AUTOBOOT : RB_POWER_OFF);
  return errno_error(end == MachineEnd::restart ? "restart the machine" : "switch the machine off");
}

}  // namespace berth::os
