// The machine itself, for the first process of its kernel.
#pragma once

#include <cstdint>

#include "units/result.h"

namespace berth::os {

/// Whether this is the first process of a kernel, with nothing above it: process 1 of the initial
/// PID namespace, whose number of /proc/self/ns/pid is fixed (include/linux/proc_ns.h,
/// PROC_PID_INIT_INO). Where /proc is missing, one is looked at that is mounted nowhere; where that
/// is refused, as in every container, the answer is no.
bool is_first_of_kernel();

/// Brings up the loopback interface; an address comes with that (man 7 netdevice).
Result<void> bring_up_loopback();
/// Ctrl-Alt-Del becomes SIGINT to this process instead of a reset (man 2 reboot).
Result<void> take_ctrl_alt_del();
/// Opens /dev/console for those of 0, 1 and 2 that are closed.
void use_console();

enum class MachineEnd : std::uint8_t { power_off, restart };
/// Writes all file systems out and ends the machine. Returns only what refused it.
Error end_machine(MachineEnd end);

}  // namespace berth::os
