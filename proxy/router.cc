// First match wins.
#include "proxy/router.h"

#include <algorithm>

#include "proxy/url_path.h"

namespace berth::proxy {
namespace {

bool is_allowed(const RouteSpec& route, std::string_view method) {
  return route.methods.empty() ||
         std::find(route.methods.begin(), route.methods.end(), method) != route.methods.end();
}

/// A location that begins with two slashes would name a host, which only the admin may.
void keep_on_this_host(std::string& location, std::string_view text) {
  if (text.starts_with("//") || !location.starts_with("//"))
    return;
  location.erase(0, std::min(location.find_first_not_of('/'), location.size()) - 1);
}

std::string without_strip(const RouteSpec& route, std::string_view path) {
  if (route.strip.empty() || !is_below(path, route.strip))
    return std::string(path);
  path.remove_prefix(route.strip.size());
  return path.starts_with('/') ? std::string(path) : "/" + std::string(path);
}

/// `path` with `base` instead of its front: what is to be stripped, or the route's prefix.
std::string in_place_of_front(const RouteSpec& route, std::string_view base,
                              std::string_view path) {
  const std::string_view front = route.strip.empty() ? route.prefix : route.strip;
  if (is_below(path, front))
    path.remove_prefix(front.size());
  std::string target(base);
  if (target.ends_with('/') && path.starts_with('/'))
    path.remove_prefix(1);
  else if (!target.ends_with('/') && !path.empty() && !path.starts_with('/'))
    target += '/';
  target += path;
  return target;
}

/// False if what the groups make of it is no path.
bool expand_path(std::string_view base, const Captures& captures, std::string& path) {
  std::string raw;
  append_template(raw, base, captures);
  if (!raw.starts_with('/'))
    raw.insert(0, "/");
  return normalise_path(raw, path) != PathChange::refused;
}

}  // namespace

void append_query(std::string& target, std::string_view query) {
  if (query.empty())
    return;
  if (target.find('?') == std::string::npos) {
    target += query;
  } else if (query.size() > 1) {
    target += '&';
    target += query.substr(1);
  }
}

Router::Router(const ProxySpec& spec)
    : redirects_(spec.redirects), rewrites_(spec.rewrites), routes_(spec.routes) {
  for (const RedirectSpec& redirect : redirects_)
    redirect_regexes_.add(redirect.from);
  for (const RewriteSpec& rewrite : rewrites_)
    rewrite_regexes_.add(rewrite.from);
  for (const RouteSpec& route : routes_)
    regex_of_route_.push_back(
        route.path.empty() ? -1 : static_cast<int>(route_regexes_.add(route.path)));
  redirect_regexes_.compile();
  rewrite_regexes_.compile();
  route_regexes_.compile();
}

std::optional<Redirection> Router::find_redirect(std::string_view path,
                                                 std::string_view query) const {
  Captures captures;
  for (const int hit : redirect_regexes_.matches(path)) {
    const auto number = static_cast<std::size_t>(hit);
    const RedirectSpec& redirect = redirects_[number];
    redirect_regexes_.capture(number, path, captures);
    Redirection found{static_cast<int>(redirect.status), {}};
    append_template(found.location, redirect.to, captures);
    keep_on_this_host(found.location, redirect.to);
    append_query(found.location, query);
    // To where the request is already, a client would come back for ever.
    if (found.location != std::string(path) + std::string(query))
      return found;
  }
  return std::nullopt;
}

bool Router::rewrite(PathAndQuery& place, bool& refused) const {
  std::vector<bool> used(rewrites_.size());
  bool rewritten = false;
  while (true) {
    const std::vector<int>& hits = rewrite_regexes_.matches(place.path);
    const auto hit = std::find_if(hits.begin(), hits.end(), [&](int number) {
      return !used[static_cast<std::size_t>(number)];
    });
    if (hit == hits.end())
      return rewritten;
    const auto number = static_cast<std::size_t>(*hit);
    used[number] = true;
    Captures captures;
    rewrite_regexes_.capture(number, place.path, captures);
    std::string target;
    append_template(target, rewrites_[number].to, captures);
    append_query(target, place.query);
    const std::size_t question = std::min(target.find('?'), target.size());
    place.query = target.substr(question);
    refused = normalise_path(std::string_view(target).substr(0, question), place.path) ==
              PathChange::refused;
    rewritten = true;
    if (refused)
      return true;
  }
}

Router::Route Router::find_route(std::string_view method, std::string_view path) const {
  Route found;
  const std::vector<int>& hits = route_regexes_.matches(path);
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const RouteSpec& route = routes_[i];
    const int regex = regex_of_route_[i];
    const bool matches = regex < 0 ? is_below(path, route.prefix)
                                   : std::binary_search(hits.begin(), hits.end(), regex);
    if (!matches || !is_allowed(route, method))
      continue;
    found.index = i;
    if (regex >= 0)
      route_regexes_.capture(static_cast<std::size_t>(regex), path, found.captures);
    return found;
  }
  return found;
}

std::string target_of(const RouteSpec& route, const Captures& captures, const PathAndQuery& place) {
  const std::string_view text = route.path_template();
  const std::size_t question = std::min(text.find('?'), text.size());
  const std::string_view base = text.substr(0, question);
  std::string target;
  if (base.empty())
    target = without_strip(route, place.path);
  else if (route.path.empty())
    target = in_place_of_front(route, base, place.path);
  else if (!expand_path(base, captures, target))
    return {};
  append_template(target, text.substr(question), captures);
  append_query(target, place.query);
  return target;
}

}  // namespace berth::proxy
