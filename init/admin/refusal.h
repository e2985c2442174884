// Why a request came to nothing, as D-Bus clients see it.
#pragma once

#include <string>
#include <variant>

#include "units/control.h"

namespace berth::admin {

/// An error reply: `name` is one of org.berth.Error.*.
struct Refusal {
  std::string name;
  std::string message;
  bool operator==(const Refusal&) const = default;
};

/// What a request came to.
template <typename T>
using Answer = std::variant<T, Refusal>;

Refusal refusal_of(const control::Denied& denied);
/// PID 1 did not answer, or answered something that cannot be.
Refusal no_answer(std::string message);
/// The client wants more at once than it may.
Refusal too_much(std::string message);
Refusal no_such_unit(const std::string& name);

}  // namespace berth::admin
