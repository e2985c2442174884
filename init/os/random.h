// Random bytes from the kernel.
#pragma once

#include <span>

namespace berth::os {

/// Fills `room`. Dies with a message if the kernel has none to give, which Linux does not do once
/// it is up.
void fill_random(std::span<unsigned char> room);

}  // namespace berth::os
