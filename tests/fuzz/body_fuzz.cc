// Fuzz target: chunked bodies. However the bytes are cut, the outcome is the same; what is passed
// on of them, as Relay writes it, is read again as the same body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/body_decoder.h"
#include "proxy/header_name.h"
#include "tests/fuzz/require.h"

namespace {

using namespace berth::proxy;

/// Longer inputs are cut in this many places only.
constexpr std::size_t kAllCuts = 300;

struct Decoded {
  BodyDecoder::Outcome outcome = BodyDecoder::Outcome::more;
  std::string payload;
  std::string trailers;
  std::string passed_on;  ///< chunked anew
  std::size_t used = 0;
  bool operator==(const Decoded& other) const {
    return outcome == other.outcome && payload == other.payload && trailers == other.trailers &&
           used == other.used;
  }
};

/// Decodes in portions of `portion`, the first one of which is `first` long.
Decoded decode(std::string bytes, std::size_t first, std::size_t portion) {
  BodyDecoder decoder;
  decoder.start(BodyKind::chunked, 0);
  Decoded result;
  std::size_t next = first;
  while (result.used < bytes.size() && result.outcome == BodyDecoder::Outcome::more) {
    const std::size_t count = std::min(next, bytes.size() - result.used);
    next = portion;
    const BodyDecoder::Step step = decoder.take(std::span(bytes).subspan(result.used, count));
    require(step.used <= count &&
            (step.used == count || step.outcome != BodyDecoder::Outcome::more));
    std::array<char, kChunkHeadRoom> room{};
    if (!step.payload.empty()) {
      result.passed_on += chunk_head(step.payload.size(), room);
      result.passed_on += step.payload;
      result.passed_on += kChunkEnd;
    }
    result.payload += step.payload;
    result.used += step.used;
    result.outcome = step.outcome;
  }
  require(decoder.total() == result.payload.size());
  require(decoder.is_complete() == (result.outcome == BodyDecoder::Outcome::complete));
  result.trailers = decoder.trailers();
  result.passed_on += kLastChunk;
  result.passed_on += decoder.trailers();
  result.passed_on += kChunkEnd;
  return result;
}

void check_trailers(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    require(end != std::string_view::npos);
    const std::string_view name = lines.substr(0, lines.find(':'));
    require(name.size() < end && is_token(name) && header_name(name) == HeaderName::other &&
            !is_disguised_header(name));
    lines.remove_prefix(end + 2);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const Decoded whole = decode(bytes, size + 1, size + 1);
  require(decode(bytes, 1, 1) == whole);
  for (std::size_t cut = 1; cut < std::min(size, kAllCuts); ++cut)
    require(decode(bytes, cut, size) == whole);
  if (whole.outcome != BodyDecoder::Outcome::complete)
    return 0;
  check_trailers(whole.trailers);
  const Decoded again = decode(whole.passed_on, whole.passed_on.size(), whole.passed_on.size());
  require(again.outcome == BodyDecoder::Outcome::complete);
  require(again.used == whole.passed_on.size());
  require(again.payload == whole.payload && again.trailers == whole.trailers);
  return 0;
}
