// The names of errors on the bus.
#include "init/admin/refusal.h"

namespace berth::admin {
namespace {

const char* error_name(control::DenyCode code) {
  switch (code) {
    case control::DenyCode::no_such_unit:
      return "org.berth.Error.NoSuchUnit";
    case control::DenyCode::not_permitted:
      return "org.berth.Error.AccessDenied";
    case control::DenyCode::not_applicable:
      return "org.berth.Error.NotApplicable";
    case control::DenyCode::shutting_down:
      return "org.berth.Error.ShuttingDown";
    case control::DenyCode::load_failed:
      return "org.berth.Error.LoadFailed";
    case control::DenyCode::limits:
      return "org.berth.Error.LimitsExceeded";
  }
  return "org.berth.Error.Failed";  // a code of a newer PID 1
}

}  // namespace

Refusal refusal_of(const control::Denied& denied) {
  return Refusal{error_name(denied.code), denied.message};
}

Refusal no_answer(std::string message) {
  return Refusal{"org.berth.Error.NoAnswer", std::move(message)};
}

Refusal too_much(std::string message) {
  return Refusal{error_name(control::DenyCode::limits), std::move(message)};
}

Refusal no_such_unit(const std::string& name) {
  return Refusal{error_name(control::DenyCode::no_such_unit), "there is no unit " + name};
}

}  // namespace berth::admin
