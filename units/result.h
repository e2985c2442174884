// Error, Result<T> and BERTH_TRY: how an expected failure is passed up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace berth {

/// What kind of failure it is, for code that has to decide; people read the message.
enum class ErrorCode : std::uint8_t {
  invalid,      ///< the input is wrong
  not_found,    ///< there is no such unit, file, user ...
  denied,       ///< not permitted
  exists,       ///< somebody else has it already
  unavailable,  ///< not now: shutting down, in back-off, queue full
  timed_out,
  system,  ///< a system call failed; `os_errno` says how
};

/// Says what was attempted, on what, and why it failed: "open /etc/berth.toml: Permission denied".
struct Error {
  ErrorCode code = ErrorCode::invalid;
  std::string message;
  int os_errno = 0;  ///< 0 unless `code` is system

  bool operator==(const Error&) const = default;
};

/// A T, or the reason why there is none. Names follow std::expected, so that a switch touches one
/// file.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  /// REQUIRES: has_value().
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  /// REQUIRES: !has_value().
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void operator*() const {}
  /// REQUIRES: !has_value().
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace berth

/// Yields the value of `expr`, or returns its error from the enclosing function. Never between fork
/// and exec.
#define BERTH_TRY(expr)                           \
  __extension__({                                 \
    auto berth_try_result = (expr);               \
    if (!berth_try_result.has_value())            \
      return std::move(berth_try_result).error(); \
    *std::move(berth_try_result);                 \
  })
