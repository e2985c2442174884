// Pages and refusals.
#include "proxy/own_reply.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "proxy/text.h"

namespace berth::proxy {
namespace {

constexpr std::string_view kAllowed = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
constexpr std::string_view kNoStore = "Cache-Control: no-store\r\n";
constexpr std::array<std::string_view, 11> kKindNames = {
    "proxy",    "cgi", "static",  "maintenance", "health", "auth",
    "redirect", "bot", "metrics", "fly-replay",  "error"};
static_assert(static_cast<std::size_t>(ReplyKind::error) + 1 == kKindNames.size());

struct Reason {
  int status;
  std::string_view text;
};
constexpr std::array kReasons = {
    Reason{200, "OK"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{307, "Temporary Redirect"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{414, "URI Too Long"},
    Reason{416, "Range Not Satisfiable"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
    Reason{505, "HTTP Version Not Supported"},
};

std::uint64_t whole_seconds(Milliseconds duration) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(duration).count(), 1));
}

/// A page of one sentence. `refresh`: seconds after which it loads itself again; 0 = never.
std::string page(std::string_view title, std::string_view sentence, std::uint64_t refresh) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n";
  if (refresh > 0)
    html += "<meta http-equiv=\"refresh\" content=\"" + std::to_string(refresh) + "\">\n";
  html += "<title>";
  append_html(html, title);
  html +=
      "</title>\n<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;"
      "margin:20vh auto 0;padding:0 1.5rem;color:#223}h1{font-size:1.4rem}"
      "@media(prefers-color-scheme:dark){body{background:#181a20;color:#dde}}</style>\n"
      "</head><body><h1>";
  append_html(html, title);
  html += "</h1><p>";
  append_html(html, sentence);
  html += "</p></body></html>\n";
  return html;
}

std::string json_error(int status) {
  std::string json = "{\"status\":";
  append_number(json, static_cast<std::uint64_t>(status));
  json += ",\"error\":\"";
  append_json(json, reason_of(status));
  json += "\"}\n";
  return json;
}

}  // namespace

std::string_view to_string(ReplyKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::string_view reason_of(int status) {
  const auto found = std::find_if(kReasons.begin(), kReasons.end(),
                                  [status](const Reason& each) { return each.status == status; });
  return found == kReasons.end() ? std::string_view() : found->text;
}

bool wants_json(const HttpHead& request) {
  std::string_view accept = request.value(HeaderName::accept);
  int json = 0;
  int page = 0;
  for (Weighted entry; take_weighted(accept, entry);) {
    const std::string_view suffix =
        entry.name.substr(entry.name.size() - std::min<std::size_t>(entry.name.size(), 5));
    if (equals_ignoring_case(entry.name, "application/json") ||
        equals_ignoring_case(suffix, "+json"))
      json = std::max(json, entry.weight);
    else if (equals_ignoring_case(entry.name, "text/html") ||
             equals_ignoring_case(entry.name, "application/xhtml+xml"))
      page = std::max(page, entry.weight);
  }
  return json > page;
}

OwnReply error_reply(int status, const HttpHead& request) {
  OwnReply reply;
  reply.status = status;
  reply.fields = kNoStore;
  if (status == 405)
    reply.fields += kAllowed;
  if (wants_json(request)) {
    reply.type = "application/json";
    reply.body = json_error(status);
    return reply;
  }
  reply.body = page(std::to_string(status) + " " + std::string(reason_of(status)),
                    "The request could not be answered.", 0);
  return reply;
}

OwnReply maintenance_reply(const Site& site, const HttpHead& request, Milliseconds retry_after) {
  OwnReply reply;
  reply.kind = ReplyKind::maintenance;
  reply.status = 503;
  const std::uint64_t seconds = whole_seconds(retry_after);
  reply.fields = "Retry-After: " + std::to_string(seconds) + "\r\n";
  reply.fields += kNoStore;
  if (wants_json(request)) {
    reply.type = "application/json";
    reply.body = json_error(reply.status);
    return reply;
  }
  if (!site.spec().maintenance_page.empty())
    reply.file = site.files().open(site.spec().maintenance_page);
  if (reply.file) {
    reply.type = reply.file->type;
    reply.size = reply.file->info.size;
  } else {
    reply.body = page("One moment, please",
                      site.config().maintenance
                          ? "This service is being looked after. The page loads again by itself."
                          : "This service is starting. The page loads again by itself.",
                      seconds);
  }
  return reply;
}

OwnReply health_reply(const Site& site) {
  OwnReply reply;
  reply.kind = ReplyKind::health;
  reply.status = 200;
  reply.type = "text/plain; charset=utf-8";
  reply.fields = kNoStore;
  reply.body = site.spec().health_body;
  return reply;
}

OwnReply login_reply(const Site& site, const HttpHead& request) {
  OwnReply reply = error_reply(401, request);
  reply.kind = ReplyKind::auth;
  reply.fields += "WWW-Authenticate: Basic realm=\"";
  for (const char c : site.spec().auth_realm) {
    if (c == '"' || c == '\\')
      reply.fields += '\\';
    reply.fields += c;
  }
  reply.fields += "\", charset=\"UTF-8\"\r\n";
  return reply;
}

OwnReply refuse_bot(const HttpHead& request) {
  OwnReply reply = error_reply(403, request);
  reply.kind = ReplyKind::bot;
  return reply;
}

OwnReply redirect_reply(int status, std::string_view location) {
  OwnReply reply;
  reply.kind = ReplyKind::redirect;
  reply.status = status;
  reply.fields = "Location: ";
  reply.fields += location;
  reply.fields += "\r\n";
  return reply;
}

OwnReply file_reply(StaticFile file, const HttpHead& request) {
  FileAnswer answer = answer_for(file, request);
  OwnReply reply;
  reply.kind = ReplyKind::static_file;
  reply.status = answer.status;
  reply.type = file.type;
  reply.fields = std::move(answer.fields);
  reply.first = answer.first;
  reply.size = answer.size;
  if (answer.status == 200 || answer.status == 206)
    reply.file = std::move(file);
  return reply;
}

OwnReply options_reply() {
  OwnReply reply;
  reply.status = 204;
  reply.fields = kAllowed;
  return reply;
}

void append_own_head(const OwnReply& reply, const OwnHead& head, std::string& out) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(reply.status));
  out += ' ';
  out += reason_of(reply.status);
  out += "\r\nDate: ";
  out += head.date;
  out += "\r\n";
  // 304 and 204 describe no body of their own.
  if (reply.status != 304 && reply.status != 204) {
    if (head.length > 0) {
      out += "Content-Type: ";
      out += reply.type;
      out += "\r\n";
    }
    out += "Content-Length: ";
    append_number(out, head.length);
    out += "\r\n";
  }
  out += reply.fields;
  if (!head.keep_alive)
    out += "Connection: close\r\n";
  else if (head.client_minor == 0)
    out += "Connection: keep-alive\r\n";
  out += "\r\n";
}

}  // namespace berth::proxy
