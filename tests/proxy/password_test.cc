// Password hashes, by the vectors of other implementations.
#include "proxy/password.h"

#include <gtest/gtest.h>

#include "proxy/digests.h"
#include "proxy/htpasswd.h"

namespace berth::proxy {
namespace {

template <class Digest>
std::string hex(const Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte / 16];
    text += "0123456789abcdef"[byte % 16];
  }
  return text;
}

template <class Hash>
std::string digest_of(std::string_view text) {
  Hash hash;
  hash.add(text);
  return hex(hash.finish());
}

TEST(Digests, Md5AsInRfc1321) {
  EXPECT_EQ(digest_of<Md5>(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(digest_of<Md5>("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(digest_of<Md5>("1234567890123456789012345678901234567890"
                           "1234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(Digests, Sha1AsInFips180) {
  EXPECT_EQ(digest_of<Sha1>("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(digest_of<Sha1>("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

TEST(Digests, SipHashAsInItsPaper) {
  const SipKey key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
  const std::string message("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e", 15);

  EXPECT_EQ(siphash(key, message), 0xa129ca6149be45e5U);
}

TEST(Password, KnowsApr1) {
  // openssl passwd -apr1 -salt ...
  EXPECT_EQ(apr1_hash("myPassword", "r31....."), "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/");
  EXPECT_TRUE(password_matches("$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", "myPassword"));
  EXPECT_FALSE(password_matches("$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", "myPassword2"));
}

TEST(Password, KnowsBcrypt) {
  const std::string hash = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC";
  EXPECT_TRUE(password_matches(hash, "myPassword"));
  EXPECT_FALSE(password_matches(hash, "mypassword"));
}

TEST(Password, KnowsSha) {
  EXPECT_TRUE(password_matches("{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", "myPassword"));
  EXPECT_FALSE(password_matches("{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", "other"));
}

TEST(Password, KnowsTheFormsOfCrypt) {
  for (const std::string hash : {
           "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1",
           "$5$abcdefgh$gruCpC7VkOTspMQTTSAR8mtlO9Upms.fwqE5y16JVM.",
           "$5$rounds=1000$abcdefgh$XIppta5rT8zJUu4vAOKQXrwq9uY4Ijlz6VjyOmkx5i4",
           "$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/"
           "1GM/O6IND4WQhG.",
           "$y$j9T$abcdefgh$IUWJt2doU4Kf6E/JP1UkAT3S5O3Q7SSA8SJirXIlEu9",
       }) {
    EXPECT_TRUE(password_matches(hash, "secret")) << hash;
    EXPECT_FALSE(password_matches(hash, "Secret")) << hash;
  }
}

TEST(Password, NeverTakesAnUnknownFormForThePassword) {
  EXPECT_FALSE(password_matches("plain", "plain"));
  EXPECT_FALSE(password_matches("", ""));
  EXPECT_FALSE(password_matches("*0", "*0"));
  EXPECT_FALSE(password_matches("$2y$", "$2y$"));
  EXPECT_FALSE(password_matches("$apr1$", ""));
}

TEST(Htpasswd, ReadsUsersAndSkipsWhatItDoesNotKnow) {
  const Htpasswd file = Htpasswd::parse(
      "# comment\n\nann:$apr1$a$b\r\nbob:plain\nann:$apr1$other$x\n:$apr1$a$b\nno colon\n"
      "eve:{SHA}abc:more\n");

  EXPECT_EQ(file.size(), 2U);
  ASSERT_NE(file.hash_of("ann"), nullptr);
  EXPECT_EQ(*file.hash_of("ann"), "$apr1$a$b");
  EXPECT_EQ(*file.hash_of("eve"), "{SHA}abc");
  EXPECT_EQ(file.hash_of("bob"), nullptr);
  EXPECT_EQ(file.any_hash(), "$apr1$a$b");
}

}  // namespace
}  // namespace berth::proxy
