// The helper that asks the machines API of fly.io for the end of the machine, or its sleep.
#include <algorithm>

#include "init/helper_mode.h"
#include "init/os/local_request.h"

namespace berth::helper {
namespace {

constexpr std::size_t kMostQuoted = 300;
constexpr std::string_view kVersion = "HTTP/1.1 ";

/// "403 Forbidden: {"error":"…"}"
std::string in_words(std::string_view answer) {
  const std::string_view line = answer.substr(0, answer.find("\r\n"));
  const std::size_t end = answer.find("\r\n\r\n");
  std::string text(line.substr(std::min(kVersion.size(), line.size())));
  if (end != std::string_view::npos && end + 4 < answer.size())
    text += ": " + std::string(answer.substr(end + 4));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, ' ');
  return text.substr(0, kMostQuoted);
}

}  // namespace

int machine_api(const Arguments& arguments) {
  if (arguments.size() != 2)
    return complain("machine-api: wants SOCKET and PATH", kUsage);
  const auto answer = os::ask_socket(arguments[0], "POST " + arguments[1] +
                                                       " HTTP/1.1\r\nHost: flaps\r\n"
                                                       "Content-Length: 0\r\n"
                                                       "Connection: close\r\n\r\n");
  if (!answer)
    return complain(answer.error().message, kNo);
  // Who is put to sleep while he listens hears nothing.
  const bool agrees =
      answer->empty() || (answer->starts_with("HTTP/1.") && answer->size() > kVersion.size() &&
                          (*answer)[kVersion.size()] == '2');
  return agrees ? kYes : complain("the answer is " + in_words(*answer), kNo);
}

}  // namespace berth::helper
