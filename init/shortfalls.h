// Shortfalls: what this machine cannot do for units, each said once however many units ask for it.
#pragma once

#include <set>
#include <string>

namespace berth {

class Shortfalls {
 public:
  /// A warning that names the key, "[memory] limit", and says what happens instead and why. Nothing
  /// if that key has been named before.
  void say(const std::string& key, const std::string& instead, const std::string& why);

 private:
  std::set<std::string> said_;
};

}  // namespace berth
