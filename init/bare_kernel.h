// BareKernel: what berth does beyond its duties as PID 1 where it is the first process of a kernel
// (a virtual machine's /init) and nobody has prepared anything.
#pragma once

#include <string>
#include <vector>

#include "init/os/machine.h"

namespace berth {

class BareKernel {
 public:
  /// Looks where we are. Everything else does nothing unless this is the first process of a kernel.
  BareKernel() : is_here_(os::is_first_of_kernel()) {}

  bool is_here() const { return is_here_; }
  /// Mounts what is missing of /proc, /sys, /dev, /dev/pts, /dev/shm, /run and the cgroup tree,
  /// opens the console as standard input and output if they are closed, brings up the loopback
  /// interface. REQUIRES: nothing has been opened yet. What did not work waits for say_problems().
  void prepare();
  /// Logs what prepare() could not do. REQUIRES: the log is there.
  void say_problems() const;
  /// Ends the machine; returns, with a message, only if the kernel refuses.
  void end(os::MachineEnd end) const;

 private:
  void attempt(const Result<void>& done);

  bool is_here_;
  std::vector<std::string> problems_;
};

}  // namespace berth
