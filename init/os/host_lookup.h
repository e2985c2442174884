// Names of hosts to addresses, by the name services; this blocks, so it is for processes without a
// loop.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "units/result.h"
#include "units/values.h"

namespace berth::os {

/// The TCP addresses of `host`, best first (RFC 6724), or why there are none.
Result<std::vector<Address>> look_up_host(const std::string& host, std::uint16_t port);

/// Whether `host` is a numeric IPv4 or IPv6 address, for which nobody need be asked.
bool is_numeric_host(const std::string& host);

}  // namespace berth::os
