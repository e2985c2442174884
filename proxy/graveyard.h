// Graveyard: keeps objects that ended in their own callback until the loop's turn is over.
#pragma once

#include <memory>
#include <vector>

#include "init/os/event_loop.h"

namespace berth::proxy {

class Graveyard {
 public:
  void bury(std::unique_ptr<os::FdHandler> handler) { buried_.push_back(std::move(handler)); }
  /// At the end of a turn.
  void clear() { buried_.clear(); }

 private:
  std::vector<std::unique_ptr<os::FdHandler>> buried_;
};

}  // namespace berth::proxy
