// How values become bytes between berth's own processes: little, bounded, order-fixed. Both ends
// are one build.
//
// A struct takes part by listing its members once:
//   template <class Self, class V> static void fields(Self& self, V& visit) { visit(self.name);
//   visit(self.epoch); }
// and then encode() and decode() exist for it. Numbers are little-endian; a string, a vector and a
// map carry a u32 count; an optional a bool. A decoder never trusts a count further than the bytes
// that are left.
#pragma once

#include <bit>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "units/result.h"

namespace berth::wire {

template <typename T, typename V>
concept HasFields = requires(T& value, V& visit) {
  T::fields(value, visit);
};

class Writer {
 public:
  std::string take() && { return std::move(out_); }

  template <typename T>
  void operator()(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      number(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_arithmetic_v<T>) {
      number(value);
    } else {
      T::fields(value, *this);
    }
  }
  void operator()(const std::string& value) {
    count(value.size());
    out_ += value;
  }
  template <typename R, typename P>
  void operator()(const std::chrono::duration<R, P>& value) {
    number(static_cast<std::int64_t>(value.count()));
  }
  template <typename T>
  void operator()(const std::vector<T>& values) {
    count(values.size());
    for (const auto& value : values)
      (*this)(value);
  }
  template <typename K, typename T>
  void operator()(const std::map<K, T>& values) {
    count(values.size());
    for (const auto& [key, value] : values) {
      (*this)(key);
      (*this)(value);
    }
  }
  template <typename T>
  void operator()(const std::optional<T>& value) {
    number(static_cast<std::uint8_t>(value.has_value()));
    if (value.has_value())
      (*this)(*value);
  }

 private:
  template <typename T>
  void number(T value) {
    static_assert(std::endian::native == std::endian::little);
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out_.append(bytes, sizeof value);
  }
  void count(std::size_t size) { number(static_cast<std::uint32_t>(size)); }

  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view in) : rest_(in) {}
  /// Whether every value so far was there in full.
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

  template <typename T>
  void operator()(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t byte = 0;
      number(byte);
      value = byte != 0;
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> raw{};
      number(raw);
      value = static_cast<T>(raw);
    } else if constexpr (std::is_arithmetic_v<T>) {
      number(value);
    } else {
      T::fields(value, *this);
    }
  }
  void operator()(std::string& value) {
    const std::size_t size = count(1);
    value.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  template <typename R, typename P>
  void operator()(std::chrono::duration<R, P>& value) {
    std::int64_t raw = 0;
    number(raw);
    value = std::chrono::duration<R, P>(static_cast<R>(raw));
  }
  template <typename T>
  void operator()(std::vector<T>& values) {
    values.clear();
    for (std::size_t left = count(1); left > 0 && ok_; --left)
      (*this)(values.emplace_back());
  }
  template <typename K, typename T>
  void operator()(std::map<K, T>& values) {
    values.clear();
    for (std::size_t left = count(1); left > 0 && ok_; --left) {
      K key{};
      (*this)(key);
      (*this)(values[std::move(key)]);
    }
  }
  template <typename T>
  void operator()(std::optional<T>& value) {
    bool present = false;
    (*this)(present);
    value.reset();
    if (present && ok_)
      (*this)(value.emplace());
  }

 private:
  template <typename T>
  void number(T& value) {
    if (rest_.size() < sizeof value) {
      ok_ = false;
      rest_ = {};
      return;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
  }
  /// A count of things of at least `least` bytes each, or 0 if there cannot be so many.
  std::size_t count(std::size_t least) {
    std::uint32_t size = 0;
    number(size);
    if (size > rest_.size() / least) {
      ok_ = false;
      rest_ = {};
      return 0;
    }
    return size;
  }

  std::string_view rest_;
  bool ok_ = true;
};

template <typename T>
std::string encode(const T& value) {
  Writer writer;
  writer(value);
  return std::move(writer).take();
}

/// The whole of `bytes` as a T, or `invalid` if it is too short, too long or counts more than it
/// holds. An enum is not checked here: whoever switches on it has a default.
template <typename T>
Result<T> decode(std::string_view bytes) {
  T value{};
  Reader reader(bytes);
  reader(value);
  if (!reader.ok() || !reader.at_end())
    return Error{ErrorCode::invalid, "malformed message"};
  return value;
}

/// A variant travels as the index of its alternative (u8) and the alternative itself.
template <typename... Ts>
std::string encode_any(const std::variant<Ts...>& value) {
  Writer writer;
  writer(static_cast<std::uint8_t>(value.index()));
  std::visit([&](const auto& message) { writer(message); }, value);
  return std::move(writer).take();
}

template <typename Variant, std::size_t I = 0>
Result<Variant> decode_any(std::string_view bytes) {
  if constexpr (I == std::variant_size_v<Variant>) {
    return Error{ErrorCode::invalid, "unknown message"};
  } else {
    if (bytes.empty() || static_cast<std::uint8_t>(bytes[0]) != I)
      return decode_any<Variant, I + 1>(bytes);
    auto decoded = decode<std::variant_alternative_t<I, Variant>>(bytes.substr(1));
    if (!decoded)
      return std::move(decoded).error();
    return Variant(std::in_place_index<I>, *std::move(decoded));
  }
}

}  // namespace berth::wire
