// Taking system calls away from a process that reads what strangers send (seccomp(2)).
#pragma once

#include "units/result.h"

namespace berth::os {

/// From now on neither this process nor its children execute a program, trace or look into another
/// process, enter or make a namespace, mount, load code into the kernel, or change what the machine
/// is: those calls fail with EPERM. It cannot be taken back. Refused by kernels without seccomp,
/// and where no_new_privs is not set and the process has no rights.
Result<void> give_up_dangerous_calls();

}  // namespace berth::os
