// The words for what is counted.
#include "proxy/counters.h"

namespace berth::proxy {
namespace {

constexpr std::array<std::string_view, kRefusals> kNames = {
    "malformed",       "head_too_slow",  "body_too_slow",    "body_too_large",
    "target_too_long", "head_too_large", "address_full",     "waiting_room_full",
    "reader_stalled",  "idle_dropped",   "connections_full", "descriptors_gone",
    "http2_flood"};
static_assert(static_cast<std::size_t>(Refusal::http2_flood) + 1 == kRefusals);
static_assert(!kNames.back().empty());

}  // namespace

std::string_view to_string(Refusal refusal) {
  return kNames[static_cast<std::size_t>(refusal)];
}

}  // namespace berth::proxy
