// Variables of requests, and the checks.
#include "units/cgi.h"

#include <algorithm>
#include <array>

#include "units/scan.h"

namespace berth::cgi {
namespace {

constexpr std::string_view kField = "HTTP_";
constexpr auto kNames = std::to_array<std::string_view>(
    {"AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "GATEWAY_INTERFACE", "HTTPS", "PATH_INFO",
     "QUERY_STRING", "REMOTE_ADDR", "REMOTE_USER", "REQUEST_METHOD", "REQUEST_SCHEME",
     "REQUEST_URI", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
     "SERVER_SOFTWARE"});
static_assert(std::is_sorted(kNames.begin(), kNames.end()));

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || scan::is_digit(c) || c == '_';
}

}  // namespace

bool is_variable(std::string_view name) {
  if (std::binary_search(kNames.begin(), kNames.end(), name)) {
    return true;
  }
  return name.size() > kField.size() && name.starts_with(kField) && name != "HTTP_PROXY" &&
         std::all_of(name.begin(), name.end(), is_name_character);
}

bool fit(const Variables& variables) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : variables) {
    bytes += name.size() + value.size();
  }
  return variables.size() <= kMaxVariables && bytes <= kMaxBytes;
}

bool are_sound(const Variables& variables) {
  return fit(variables) &&
         std::all_of(variables.begin(), variables.end(), [](const auto& variable) {
           return is_variable(variable.first) && variable.second.find('\0') == std::string::npos;
         });
}

std::vector<std::string> problems(const Unit& unit) {
  std::vector<std::string> found;
  if (unit.job && unit.job->interface == JobInterface::cgi) {
    if (unit.job->steps.size() > 1) {
      found.emplace_back("a job with \"interface\" has one command: the request's body is for one");
    }
    if (unit.job->retries > 0) {
      found.emplace_back(
          "a job with \"interface\" cannot have \"retries\": the request's body is there once");
    }
  }
  if (!unit.proxy) {
    return found;
  }
  const auto& routes = unit.proxy->routes;
  const auto names_users = [](const RouteSpec& route) { return !route.allowed_users.empty(); };
  if (unit.proxy->auth_htpasswd.empty() && std::any_of(routes.begin(), routes.end(), names_users)) {
    found.emplace_back(
        "\"allowed_users\" in [[proxy.route]] needs \"htpasswd\" in [proxy.auth], which is not "
        "set");
  }
  return found;
}

}  // namespace berth::cgi
