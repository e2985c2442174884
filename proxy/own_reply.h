// OwnReply: an answer that no unit gives: pages, redirects, files, refusals.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/site.h"
#include "proxy/static_files.h"

namespace berth::proxy {

/// Who has answered, as the access log tells it.
enum class ReplyKind : std::uint8_t {
  proxy,
  cgi,
  static_file,
  maintenance,
  health,
  auth,
  redirect,
  bot,
  metrics,
  replay,
  error,
};
std::string_view to_string(ReplyKind kind);

struct OwnReply {
  ReplyKind kind = ReplyKind::error;
  int status = 500;
  std::string_view type = "text/html; charset=utf-8";
  std::string fields;  ///< further header fields, each with its line end
  std::string body;
  /// Instead of `body`: `size` bytes from `first` on.
  std::optional<StaticFile> file;
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};

/// "Not Found"; "" for a status that we never send.
std::string_view reason_of(int status);
/// Whether the client prefers JSON to a page.
bool wants_json(const HttpHead& request);

/// A plain error, as a page or as JSON.
OwnReply error_reply(int status, const HttpHead& request);
/// 503 with Retry-After and a page that reloads itself: the site's own, or ours.
OwnReply maintenance_reply(const Site& site, const HttpHead& request, Milliseconds retry_after);
OwnReply health_reply(const Site& site);
OwnReply login_reply(const Site& site, const HttpHead& request);
/// 403: it says itself that it is a bot.
OwnReply refuse_bot(const HttpHead& request);
OwnReply redirect_reply(int status, std::string_view location);
OwnReply file_reply(StaticFile file, const HttpHead& request);
OwnReply options_reply();

/// Status line and fields.
struct OwnHead {
  std::uint64_t length = 0;
  std::string_view date;
  bool keep_alive = false;
  std::uint8_t client_minor = 1;
};
void append_own_head(const OwnReply& reply, const OwnHead& head, std::string& out);

}  // namespace berth::proxy
