// The places of files in a route table.
#include "proxy/needed_files.h"

#include <cstdlib>

#include "init/os/files.h"

namespace berth::proxy {
namespace {

std::string folder_of(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? std::string() : file.substr(0, slash + 1);
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// Libraries, names of hosts and services, authorities: what everybody may read there is no secret.
constexpr const char* kSystem[] = {"/etc", "/usr", "/lib", "/lib64", "/proc/self"};

}  // namespace

os::FileRights needed_files(const ProxySpec& spec) {
  os::FileRights rights;
  rights.writable = folder_of(spec.log_to);
  if (spec.symlinks == Symlinks::any && !spec.static_root.empty())
    return rights;
  std::vector<std::string>& readable =
      rights.readable.emplace(std::begin(kSystem), std::end(kSystem));
  readable.push_back(folder_of(os::own_program_path()));  // its modules
  // Their names are often made anew elsewhere: /run/systemd/resolve. OpenSSL's own variables say
  // whom it trusts: openssl-env(7).
  for (const std::string& path :
       {std::string("/etc/resolv.conf"), spec.static_root, spec.auth_htpasswd, spec.tls.certificate,
        spec.tls.key, variable("SSL_CERT_FILE"), variable("SSL_CERT_DIR")})
    if (!path.empty())
      for (std::string& place : os::places_of(path))
        readable.push_back(std::move(place));
  return rights;
}

}  // namespace berth::proxy
