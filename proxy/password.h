// Whether a password belongs to a hash of an htpasswd file.
#pragma once

#include <string>
#include <string_view>

namespace berth::proxy {

/// bcrypt ($2y$ and its kin), apr1, {SHA}, and what crypt(5) of this machine knows: $1$, $5$, $6$,
/// $y$. An unknown form matches nothing, never itself. Takes as long as the hash wants:
/// milliseconds.
bool password_matches(const std::string& hash, const std::string& password);
/// Whether password_matches() knows the form.
bool is_known_hash(std::string_view hash);
/// Apache's MD5 form: "$apr1$SALT$..." of at most 8 characters of salt.
std::string apr1_hash(std::string_view password, std::string_view salt);
/// In a time that depends on the sizes only.
bool equals_in_constant_time(std::string_view a, std::string_view b);

}  // namespace berth::proxy
