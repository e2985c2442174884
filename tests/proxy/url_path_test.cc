// Normalisation of paths.
#include "proxy/url_path.h"

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

struct Normalised {
  PathChange change;
  std::string path;
  bool operator==(const Normalised&) const = default;
};

Normalised normalise(std::string_view raw) {
  Normalised result{PathChange::none, {}};
  result.change = normalise_path(raw, result.path);
  if (result.change == PathChange::refused)
    result.path.clear();
  return result;
}

TEST(UrlPath, LeavesPlainPathsAlone) {
  for (const std::string path :
       {"/", "/a", "/a/", "/a/b.c", "/a;x=1/b", "/a..b/...", "/a%20b", "/a%2Fb", "/%C3%A9"})
    EXPECT_EQ(normalise(path), (Normalised{PathChange::none, path})) << path;
}

TEST(UrlPath, UnifiesSpelling) {
  EXPECT_EQ(normalise("/%61%7E%2d"), (Normalised{PathChange::spelling, "/a~-"}));
  EXPECT_EQ(normalise("/%c3%a9"), (Normalised{PathChange::spelling, "/%C3%A9"}));
  EXPECT_EQ(normalise("/a%2fb"), (Normalised{PathChange::spelling, "/a%2Fb"}));
}

TEST(UrlPath, ResolvesDotsAndMergesSlashes) {
  EXPECT_EQ(normalise("/a/../b"), (Normalised{PathChange::shape, "/b"}));
  EXPECT_EQ(normalise("/a/./b"), (Normalised{PathChange::shape, "/a/b"}));
  EXPECT_EQ(normalise("/a/b/.."), (Normalised{PathChange::shape, "/a/"}));
  EXPECT_EQ(normalise("/a/b/."), (Normalised{PathChange::shape, "/a/b/"}));
  EXPECT_EQ(normalise("/a/.."), (Normalised{PathChange::shape, "/"}));
  EXPECT_EQ(normalise("//a///b//"), (Normalised{PathChange::shape, "/a/b/"}));
  EXPECT_EQ(normalise("//"), (Normalised{PathChange::shape, "/"}));
  EXPECT_EQ(normalise("/assets/../2025/a/x/people"),
            (Normalised{PathChange::shape, "/2025/a/x/people"}));
}

TEST(UrlPath, RefusesAttacks) {
  for (const std::string_view path :
       {"", "a", "/..", "/a/../..", "/%2e%2e/a", "/a/%2e%2e/b", "/a/.%2e/b", "/a/%2e/b", "/%00",
        "/a%", "/a%2", "/a%zz", "/a\\b", "/a b", "/a\tb", "/\x7f", "/\xc3\xa9"})
    EXPECT_EQ(normalise(path).change, PathChange::refused) << path;
}

TEST(UrlPath, NeverDecodesASlash) {
  std::string decoded;
  EXPECT_TRUE(decode_path("/a%20b%2Fc%3F", decoded));
  EXPECT_EQ(decoded, "/a b%2Fc?");
}

TEST(UrlPath, KnowsSegmentBorders) {
  EXPECT_TRUE(is_below("/a/b", "/a"));
  EXPECT_TRUE(is_below("/a", "/a"));
  EXPECT_TRUE(is_below("/a/b", "/a/"));
  EXPECT_TRUE(is_below("/a", ""));
  EXPECT_FALSE(is_below("/ab", "/a"));
  EXPECT_FALSE(is_below("/a", "/a/"));
}

}  // namespace
}  // namespace berth::proxy
