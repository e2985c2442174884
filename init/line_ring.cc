// The newest lines of one unit in a block of memory of a fixed size.
#include "init/line_ring.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "init/json_text.h"

namespace berth {

bool LineRing::has_room(std::size_t text_size) const {
  return used_ + sizeof(Header) + text_size <= capacity();
}

void LineRing::push(std::uint64_t time_ms, LogStream stream, std::string_view text) {
  if (capacity() < sizeof(Header)) {
    ++dropped_;
    return;
  }
  text = text.substr(0, capacity() - sizeof(Header));
  while (!has_room(text.size()))
    drop_oldest();
  Header header{};
  header.time_ms = time_ms;
  header.text_size = static_cast<std::uint32_t>(text.size());
  header.stream = stream;
  char header_bytes[sizeof header];
  std::memcpy(header_bytes, &header, sizeof header);
  copy_in(header_bytes, sizeof header);
  copy_in(text.data(), text.size());
}

void LineRing::resize(std::size_t capacity) {
  while (used_ > capacity)
    drop_oldest();
  std::vector<char> resized(capacity);
  copy_out(0, resized.data(), used_);
  bytes_ = std::move(resized);
  begin_ = 0;
}

LogTail LineRing::tail() const {
  LogTail tail;
  tail.dropped = dropped_;
  std::string text;
  for (std::size_t offset = 0; offset < used_;) {
    Header header{};
    char header_bytes[sizeof header];
    copy_out(offset, header_bytes, sizeof header);
    std::memcpy(&header, header_bytes, sizeof header);
    text.resize(header.text_size);
    copy_out(offset + sizeof header, text.data(), text.size());
    tail.lines.push_back({header.time_ms, header.stream, to_valid_utf8(text)});
    offset += sizeof header + header.text_size;
  }
  return tail;
}

void LineRing::drop_oldest() {
  Header header{};
  char header_bytes[sizeof header];
  copy_out(0, header_bytes, sizeof header);
  std::memcpy(&header, header_bytes, sizeof header);
  const std::size_t size = sizeof header + header.text_size;
  begin_ = (begin_ + size) % capacity();
  used_ -= size;
  ++dropped_;
}

void LineRing::copy_in(const char* from, std::size_t size) {
  if (size == 0)
    return;
  const std::size_t at = (begin_ + used_) % capacity();
  const std::size_t before_end = std::min(size, capacity() - at);
  std::copy_n(from, before_end, bytes_.data() + at);
  std::copy_n(from + before_end, size - before_end, bytes_.data());
  used_ += size;
}

void LineRing::copy_out(std::size_t offset, char* to, std::size_t size) const {
  if (size == 0)
    return;
  const std::size_t at = (begin_ + offset) % capacity();
  const std::size_t before_end = std::min(size, capacity() - at);
  std::copy_n(bytes_.data() + at, before_end, to);
  std::copy_n(bytes_.data(), size - before_end, to + before_end);
}

}  // namespace berth
