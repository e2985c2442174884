// Colours are SGR sequences (ECMA-48).
#include "init/ctl/output.h"

namespace berth::ctl {
namespace {

const char* sequence(Colour colour) {
  switch (colour) {
    case Colour::none:
      return "";
    case Colour::green:
      return "\033[32m";
    case Colour::yellow:
      return "\033[33m";
    case Colour::red:
      return "\033[31m";
    case Colour::dim:
      return "\033[2m";
    case Colour::bold:
      return "\033[1m";
  }
  return "";
}

}  // namespace

std::string Output::paint(Colour wanted, std::string_view text) const {
  if (!colour || wanted == Colour::none || text.empty())
    return std::string(text);
  return std::string(sequence(wanted)).append(text).append("\033[0m");
}

Colour colour_of(std::string_view state) {
  if (state == "running" || state == "exited")
    return Colour::green;
  if (state == "failed")
    return Colour::red;
  if (state == "inactive" || state == "skipped")
    return Colour::dim;
  return Colour::yellow;  // on its way
}

}  // namespace berth::ctl
