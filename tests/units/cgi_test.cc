// What a request may tell a job, and what such a job must be like.
#include "units/cgi.h"

#include <gtest/gtest.h>

#include "tests/units/load.h"

namespace berth {
namespace {

using Lines = std::vector<std::string>;

TEST(Cgi, ARequestSetsItsOwnVariablesAndNoOthers) {
  for (const char* name : {"REQUEST_METHOD", "HTTPS", "HTTP_COOKIE", "HTTP_X_REQUEST_ID"})
    EXPECT_TRUE(cgi::is_variable(name)) << name;
  for (const char* name : {"", "PATH", "LD_PRELOAD", "HTTP_", "HTTP_PROXY", "HTTP_a", "HTTP_A=B",
                           "INVOCATION_ID", "request_method"})
    EXPECT_FALSE(cgi::is_variable(name)) << name;
}

TEST(Cgi, VariablesAreBounded) {
  EXPECT_TRUE(cgi::are_sound({{"QUERY_STRING", std::string(cgi::kMaxBytes - 12, 'q')}}));
  EXPECT_FALSE(cgi::are_sound({{"QUERY_STRING", std::string(cgi::kMaxBytes - 11, 'q')}}));
  EXPECT_FALSE(cgi::are_sound({{"QUERY_STRING", std::string("a\0b", 3)}}));
  EXPECT_FALSE(cgi::are_sound({{"PATH", "/"}}));
  cgi::Variables many;
  for (std::size_t i = 0; i <= cgi::kMaxVariables; ++i)
    many["HTTP_" + std::to_string(i)] = "";
  EXPECT_FALSE(cgi::are_sound(many));
}

TEST(Cgi, SuchAJobHasOneCommandAndNoSecondTry) {
  const Catalog catalog = testing::load(
      {{"x.toml", "[job]\nsteps = [\"a\", \"b\"]\nretries = 1\ninterface = \"cgi\"\n"}});

  EXPECT_EQ(
      (Lines{"x.toml:1:1: a job with \"interface\" has one command: the request's body is for one",
             "x.toml:1:1: a job with \"interface\" cannot have \"retries\": the request's body is "
             "there once"}),
      testing::messages(catalog));
}

TEST(Cgi, SuchAJobDoesNotRunAtBootUnlessItSaysSo) {
  const Catalog catalog =
      testing::load({{"x.toml", "[job]\ncommand = \"a\"\ninterface = \"cgi\"\n"},
                     {"y.toml", "[job]\ncommand = \"a\"\ninterface = \"cgi\"\non = \"boot\"\n"}});

  EXPECT_FALSE(catalog.find("x")->job->runs_on(JobTrigger::boot));
  EXPECT_TRUE(catalog.find("y")->job->runs_on(JobTrigger::boot));
}

TEST(Cgi, ARouteToAJobHasNoKeysOfOtherRoutes) {
  const Catalog catalog =
      testing::load({{"x.toml", "[job]\ncommand = \"a\"\ninterface = \"cgi\"\n"},
                     {"web.toml",
                      "[proxy]\nlisten = \":80\"\n[[proxy.route]]\nprefix = \"/x\"\njob = \"x\"\n"
                      "to = \"/y\"\nresponse_headers = { X = \"y\" }\nwebsocket = true\n"}});

  EXPECT_EQ((Lines{"web.toml:6:1: \"to\" in [[proxy.route]] means nothing to a job",
                   "web.toml:8:1: \"websocket\" in [[proxy.route]] means nothing to a job"}),
            testing::messages(catalog));
}

TEST(Cgi, AllowedUsersNeedAFileOfPasswords) {
  const Catalog catalog =
      testing::load({{"x.toml", "[job]\ncommand = \"a\"\ninterface = \"cgi\"\n"},
                     {"web.toml",
                      "[proxy]\nlisten = \":80\"\n[[proxy.route]]\nprefix = \"/x\"\njob = \"x\"\n"
                      "allowed_users = [\"ann\"]\n"}});

  EXPECT_EQ(Lines{"web.toml:1:1: \"allowed_users\" in [[proxy.route]] needs \"htpasswd\" in "
                  "[proxy.auth], which "
                  "is not set"},
            testing::messages(catalog));
}

}  // namespace
}  // namespace berth
