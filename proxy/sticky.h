// Sticky: visitors come back to the machine that they have been on: a cookie names it, and fly.io's
// edge is asked to send their requests there.
#pragma once

#include <string>
#include <string_view>

#include "proxy/http_head.h"
#include "units/access_spec.h"

namespace berth::proxy {

class Sticky {
 public:
  Sticky() = default;
  /// machine: this one; empty = the edge knows none.
  Sticky(const StickySpec& spec, std::string machine);

  bool is_on() const { return !machine_.empty() && !spec_.cookie.empty(); }
  /// The machine that the request's cookie names; empty = none, or nothing that could be one.
  std::string_view named_by(const HttpHead& head) const;
  bool is_here(std::string_view machine) const { return machine == machine_; }
  /// "Set-Cookie: …", with its line end: names this machine.
  std::string field(bool secure) const;

 private:
  StickySpec spec_;
  std::string machine_;
};

}  // namespace berth::proxy
