// Random bytes from the kernel.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace berth::os {

/// Fills `room`. Dies with a message if the kernel has none to give, which Linux does not do once
/// it is up.
void fill_random(std::span<unsigned char> room);
/// For what only has to be distinct, not secret: never waits, never fails.
std::uint64_t random_number();
/// 32 hexadecimal digits, distinct, not secret: an INVOCATION_ID.
std::string random_id();

}  // namespace berth::os
