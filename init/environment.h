// berth's own environment as a map.
#pragma once

#include <map>
#include <string>

namespace berth {

std::map<std::string, std::string> own_environment();

}  // namespace berth
