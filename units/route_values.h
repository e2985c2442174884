// Readers of what routes, redirects and rewrites say.
#pragma once

#include "units/key_value.h"

namespace berth {

/// A name that a cookie can have (RFC 6265 section 4.1.1).
void read_cookie_name(Value& value, std::string& out);
/// A regex; what variables insert in it is quoted.
void read_regex(Value& value, std::string& out);
/// A path that may hold $1 ...: begins with "/" or with one of them.
void read_path_template(Value& value, std::string& out);
/// A path template, or an http or https URL.
void read_redirect_target(Value& value, std::string& out);
/// 301, 302, 303, 307 or 308.
void read_redirect_status(Value& value, std::uint32_t& out);
/// `target`: "http://HOST[:PORT][/PATH]"
void read_target_url(Value& value, TargetUrl& out);
/// "text/html", "text/*"
void read_media_types(Value& value, std::vector<std::string>& out);
/// `try_files`: what may be put behind a path.
void read_try_files(Value& value, std::vector<std::string>& out);
/// `headers`, `response_headers`: a table of fields. Those that frame or address a message, and
/// X-Remote-User, are berth's own.
void read_header_edits(Value& value, std::vector<HeaderEdit>& out);

}  // namespace berth
