// Saying things once.
#include "init/shortfalls.h"

#include "init/log.h"

namespace berth {

void Shortfalls::say(const std::string& key, const std::string& instead, const std::string& why) {
  if (said_.insert(key).second)
    log_warning(key + " " + instead + ": " + why);
}

}  // namespace berth
