// Whatever bytes arrive as a message or a document: decoding them is safe, and what was decoded is
// encoded to something that decodes to the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "units/control.h"
#include "units/proxy_config.h"
#include "units/snapshot.h"
#include "units/wire.h"

namespace {

using namespace berth;  // NOLINT(google-build-using-namespace): a program of one file

template <typename Variant>
void try_message(std::string_view bytes) {
  const auto decoded = wire::decode_any<Variant>(bytes);
  if (!decoded)
    return;
  const auto again = wire::decode_any<Variant>(wire::encode_any(*decoded));
  if (!again || !(*again == *decoded))
    std::abort();
}

template <typename T>
void try_document(std::string_view bytes) {
  const auto decoded = wire::decode<T>(bytes);
  if (!decoded)
    return;
  const auto again = wire::decode<T>(wire::encode(*decoded));
  if (!again || !(*again == *decoded))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_message<control::ToProxy>(bytes);
  try_message<control::FromProxy>(bytes);
  try_message<control::ToAdmin>(bytes);
  try_message<control::FromAdmin>(bytes);
  try_document<Snapshot>(bytes);
  try_document<LogTail>(bytes);
  try_document<ProxyConfig>(bytes);
  return 0;
}
