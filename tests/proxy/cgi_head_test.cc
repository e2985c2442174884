// Where the header block of a job's output ends, and what becomes of it.
#include "proxy/cgi_head.h"

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

using Outcome = CgiHeadOutcome;

/// The response that the whole of `output` begins with, and what is left for the body.
std::string response(std::string_view output) {
  const CgiHead head = read_cgi_head(output, true);
  EXPECT_EQ(Outcome::complete, head.outcome) << output;
  return head.response + std::string(output.substr(head.size));
}

Outcome outcome(std::string_view output, bool over = true) {
  return read_cgi_head(output, over).outcome;
}

TEST(CgiHead, BecomesTheHeadOfAResponse) {
  EXPECT_EQ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>",
            response("Content-Type: text/html\n\n<p>"));
  EXPECT_EQ("HTTP/1.1 404 Not Found\r\nX-Why: none\r\n\r\n",
            response("Status: 404 Not Found\r\nX-Why:none\r\n\r\n"));
  EXPECT_EQ("HTTP/1.1 201 \r\nContent-Type: a/b\r\n\r\n",
            response("Content-Type: a/b\nStatus: 201\n\n"));
}

TEST(CgiHead, ALocationAloneIsARedirect) {
  EXPECT_EQ("HTTP/1.1 302 Found\r\nLocation: /done\r\n\r\n", response("Location: /done\n\n"));
  EXPECT_EQ("HTTP/1.1 303 See Other\r\nLocation: /done\r\n\r\n",
            response("Location: /done\nStatus: 303 See Other\n\n"));
}

TEST(CgiHead, SaysNothingOfFraming) {
  EXPECT_EQ("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n",
            response("Content-Type: a/b\nTransfer-Encoding: chunked\nConnection: close\n\n"));
}

TEST(CgiHead, NeedsNoEmptyLineWhereNothingFollows) {
  EXPECT_EQ("HTTP/1.1 204 No Content\r\n\r\n", response("Status: 204 No Content\n"));
  EXPECT_EQ("HTTP/1.1 204 No Content\r\n\r\n", response("Status: 204 No Content"));
  EXPECT_EQ(Outcome::more, outcome("Status: 204 No Content\n", false));
}

TEST(CgiHead, PlainOutputHasNone) {
  for (const char* text : {"ok\n", "\nfirst", "error: no such file\n\n", "Sync-ing: 1\nand so on\n",
                           "done", "a b: c\n", ":x\n\n", "X-Only: 1\n\nbody", ""})
    EXPECT_EQ(Outcome::none, outcome(text)) << text;
}

TEST(CgiHead, PlainOutputIsKnownAsSoonAsItCanBe) {
  EXPECT_EQ(Outcome::none, outcome("step 1", false));
  EXPECT_EQ(Outcome::none, outcome("progress: 1", false));
  EXPECT_EQ(Outcome::none, outcome("Content-Type: a/b\nand a line\n", false));
  EXPECT_EQ(Outcome::more, outcome("Conte", false));
  EXPECT_EQ(Outcome::more, outcome("", false));
}

TEST(CgiHead, AStatusHasToBeOne) {
  for (const char* status : {"99", "100 Continue", "600", "20", "abc", "200OK", ""})
    EXPECT_EQ(status[0] == '\0' ? Outcome::complete : Outcome::bad,
              outcome("Status: " + std::string(status) + "\n\n"))
        << status;
}

TEST(CgiHead, IsBounded) {
  const std::string line = "X-Long: " + std::string(100, 'x') + "\n";
  std::string block = "Content-Type: a/b\n";
  while (block.size() < kMaxCgiHead)
    block += line;

  EXPECT_EQ(Outcome::bad, outcome(block + "X", false));
}

}  // namespace
}  // namespace berth::proxy
