// What of the file system a proxy keeps.
#include "proxy/needed_files.h"

#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

bool may_read(const os::FileRights& rights, const std::string& place) {
  return std::find(rights.readable->begin(), rights.readable->end(), place) !=
         rights.readable->end();
}

TEST(NeededFiles, AreThoseOfTheRouteTableAndOfTheSystem) {
  ProxySpec spec;
  spec.static_root = "/usr/share";
  spec.tls.certificate = "/usr/bin/env";
  spec.log_to = "/var/log/web/access.log";

  const os::FileRights rights = needed_files(spec);

  ASSERT_TRUE(rights.readable.has_value());
  for (const char* place : {"/usr/share", "/usr/bin", "/etc", "/lib"})
    EXPECT_TRUE(may_read(rights, place)) << place;
  for (const char* place : {"/", "/var/log/web/", "/proc", "/tmp"})
    EXPECT_FALSE(may_read(rights, place)) << place;
  EXPECT_EQ("/var/log/web/", rights.writable);
}

TEST(NeededFiles, AreThoseThatOpenSslTrustsToo) {
  ::setenv("SSL_CERT_FILE", "/var/lib/dpkg/status", 1);
  const os::FileRights rights = needed_files(ProxySpec{});
  ::unsetenv("SSL_CERT_FILE");

  EXPECT_TRUE(may_read(rights, "/var/lib/dpkg"));
  EXPECT_FALSE(may_read(needed_files(ProxySpec{}), "/var/lib/dpkg"));
}

TEST(NeededFiles, AreAllWhereLinksMayLeadAnywhere) {
  ProxySpec spec;
  spec.static_root = "/usr/share";
  spec.symlinks = Symlinks::any;

  EXPECT_FALSE(needed_files(spec).readable.has_value());
  EXPECT_EQ("", needed_files(spec).writable);
}

}  // namespace
}  // namespace berth::proxy
