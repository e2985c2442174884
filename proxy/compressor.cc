// zlib, brotli, and when they are used.
#include "proxy/compressor.h"

#include <algorithm>
#include <array>

#include <brotli/encode.h>
#include <zlib.h>

namespace berth::proxy {
namespace {

constexpr std::size_t kRoom = std::size_t{16} * 1024;

// Text on its way is compressed for the sake of slow lines, not of archives: the cheap levels make
// it about a twentieth larger than the dear ones, at a fifth of the time. A smaller window halves
// the memory, 128 KiB a reply, and text repeats itself soon.
constexpr int kGzipLevel = 4;
constexpr int kGzipWindow = 14;
constexpr int kGzipFormat = 16;  // zlib.h: added to the window
constexpr int kGzipMemory = 7;
constexpr std::uint32_t kBrotliQuality = 3;
constexpr std::uint32_t kBrotliWindow = 16;

class Gzip final : public Compressor {
 public:
  Gzip() {
    sound_ = ::deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow + kGzipFormat,
                            kGzipMemory, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() override {
    if (sound_)
      ::deflateEnd(&stream_);
  }
  bool is_sound() const { return sound_; }

  void take(std::string_view bytes, bool last, std::string& out) override {
    if (bytes.empty() && !last)
      return;
    std::string input(bytes);  // zlib's pointer to it is not const
    stream_.next_in = reinterpret_cast<Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
    std::array<char, kRoom> room;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(room.data());
      stream_.avail_out = static_cast<uInt>(room.size());
      ::deflate(&stream_, last ? Z_FINISH : Z_SYNC_FLUSH);
      out.append(room.data(), room.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

 private:
  z_stream stream_{};
  bool sound_ = false;
};

class Brotli final : public Compressor {
 public:
  Brotli() : state_(::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr)
      return;
    ::BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, kBrotliQuality);
    ::BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, kBrotliWindow);
    ::BrotliEncoderSetParameter(state_, BROTLI_PARAM_MODE, BROTLI_MODE_TEXT);
  }
  Brotli(const Brotli&) = delete;
  Brotli& operator=(const Brotli&) = delete;
  ~Brotli() override {
    if (state_ != nullptr)
      ::BrotliEncoderDestroyInstance(state_);
  }
  bool is_sound() const { return state_ != nullptr; }

  void take(std::string_view bytes, bool last, std::string& out) override {
    if (bytes.empty() && !last)
      return;
    const auto* input = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t left = bytes.size();
    const BrotliEncoderOperation operation =
        last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH;
    do {
      std::size_t no_room = 0;
      if (::BrotliEncoderCompressStream(state_, operation, &left, &input, &no_room, nullptr,
                                        nullptr) == BROTLI_FALSE)
        return;
      while (::BrotliEncoderHasMoreOutput(state_) == BROTLI_TRUE) {
        std::size_t size = 0;
        const std::uint8_t* output = ::BrotliEncoderTakeOutput(state_, &size);
        out.append(reinterpret_cast<const char*>(output), size);
      }
    } while (left > 0 || (last && ::BrotliEncoderIsFinished(state_) == BROTLI_FALSE));
  }

 private:
  BrotliEncoderState* state_;
};

template <typename Kind>
std::unique_ptr<Compressor> sound() {
  auto compressor = std::make_unique<Kind>();
  if (!compressor->is_sound())
    return nullptr;
  return compressor;
}

/// "text/*" covers every text; parameters do not count.
bool covers_type(std::string_view pattern, std::string_view type) {
  type = trimmed(type.substr(0, type.find(';')));
  if (!pattern.ends_with("/*"))
    return equals_ignoring_case(pattern, type);
  pattern.remove_suffix(1);
  return equals_ignoring_case(pattern, type.substr(0, pattern.size()));
}

}  // namespace

std::unique_ptr<Compressor> Compressor::make(Coding coding) {
  switch (coding) {
    case Coding::gzip:
      return sound<Gzip>();
    case Coding::br:
      return sound<Brotli>();
    default:
      return nullptr;
  }
}

void CompressionRules::assign(const ProxySpec& spec) {
  on_ = spec.compress;
  types_ = spec.compress_types;
  min_size_ = spec.compress_min_size.count;
}

bool CompressionRules::covers(const HttpHead& reply) const {
  // A part of a whole cannot be compressed, and an error is short.
  if (!on_ || reply.status < 200 || reply.status == 204 || reply.status == 206 ||
      reply.status == 304)
    return false;
  if (reply.has_content_length && reply.content_length < min_size_)
    return false;
  if (!field_value(reply, "content-encoding").empty() ||
      list_has_token(field_value(reply, "cache-control"), "no-transform"))
    return false;
  const std::string_view type = field_value(reply, "content-type");
  return std::any_of(types_.begin(), types_.end(),
                     [&](const std::string& pattern) { return covers_type(pattern, type); });
}

Coding coding_for(const HttpHead& request) {
  for (const Coding coding : accepted_codings(request)) {
    if (coding != Coding::zstd)
      return coding;
  }
  return Coding::identity;
}

}  // namespace berth::proxy
