// What [proxy] says of requests that somebody else answers than who is asked: by a login, or by
// another machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "units/values.h"

namespace berth {

/// One [[proxy.auth.pattern]].
struct AuthPattern {
  std::string pattern;  ///< a regex
  bool login = false;   ///< whether what matches needs one: `action`
  bool operator==(const AuthPattern&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.pattern);
    visit(self.login);
  }
};

/// What a request does that another machine should have answered and did not.
enum class ReplayFallback : std::uint8_t {
  page,  ///< it gets the maintenance page
  here,  ///< it is answered here
};

/// One [[proxy.replay]]: requests that another machine answers (fly.io's fly-replay).
struct ReplaySpec {
  std::string path;                  ///< a regex
  std::string region, app, machine;  ///< where to; may hold $1 ...; at least one is not empty
  std::vector<std::string> methods;  ///< empty = all
  std::uint32_t status = 307;
  Bytes max_body{std::uint64_t{1} << 20};  ///< larger ones cannot be replayed
  ReplayFallback fallback = ReplayFallback::page;
  bool operator==(const ReplaySpec&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.path);
    visit(self.region);
    visit(self.app);
    visit(self.machine);
    visit(self.methods);
    visit(self.status);
    visit(self.max_body);
    visit(self.fallback);
  }
};

/// [proxy.sticky]: visitors come back to the machine that they have been on.
struct StickySpec {
  std::string cookie;                ///< its name; empty = they go where they are sent
  Milliseconds max_age{86'400'000};  ///< of the cookie; 0 = as long as the browser is open
  bool operator==(const StickySpec&) const = default;
  template <class Self, class V>
  static void fields(Self& self, V& visit) {
    visit(self.cookie);
    visit(self.max_age);
  }
};

}  // namespace berth
