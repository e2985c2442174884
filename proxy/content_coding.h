// Content codings: which of them a client takes (RFC 9110 section 12.5.3).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proxy/http_head.h"

namespace berth::proxy {

enum class Coding : std::uint8_t { identity, br, zstd, gzip };
/// As Content-Encoding has it; "" for identity.
std::string_view name_of(Coding coding);
/// Of a file that is compressed already: ".br"; "" for identity.
std::string_view suffix_of(Coding coding);

/// The codings that the client takes, the one that it likes best first, and of those that it likes
/// alike the one that makes the smallest; ends at the first identity.
using Codings = std::array<Coding, 4>;
Codings accepted_codings(const HttpHead& request);

/// One entry of a list with weights (RFC 9110 section 12.4.2).
struct Weighted {
  std::string_view name;
  int weight = 0;  ///< in thousandths
};
/// Takes the next entry off the front of `list`; false if there is none.
bool take_weighted(std::string_view& list, Weighted& entry);

/// The value of the first field of that name, in lower case; "" if there is none. For fields that
/// are seldom asked for.
std::string_view field_value(const HttpHead& head, std::string_view name);

}  // namespace berth::proxy
