#include "sandbox/keys.hpp"

#include <set>

#include <doctest/doctest.h>
#include <openssl/rsa.h>

using namespace cpsctl;

TEST_CASE("keys: each is another one, whole, and signs") {
  std::set<std::string> all;
  constexpr std::size_t count = 40;
  for (std::size_t i = 0; i < count; ++i) {
    auto const key = sandbox::new_rsa_key();
    REQUIRE(key.has_value());
    CHECK(EVP_PKEY_get_bits(key->get()) == 2048);
    all.insert(sandbox::pem_of(**key).value());
  }
  CHECK(all.size() == count);
  sandbox::Key const key = sandbox::parse_key(*all.begin());
  REQUIRE(key);
  std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>> const look(EVP_PKEY_CTX_new(key.get(), nullptr));
  CHECK(EVP_PKEY_check(look.get()) == 1);
  std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> const signing(EVP_MD_CTX_new());
  REQUIRE(EVP_DigestSignInit(signing.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
  std::size_t size = 512;
  std::string signature(size, ' ');
  auto* const bytes = reinterpret_cast<unsigned char*>(signature.data());
  auto const* const text = reinterpret_cast<unsigned char const*>("words");
  REQUIRE(EVP_DigestSign(signing.get(), bytes, &size, text, 5) == 1);
  std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> const verifying(EVP_MD_CTX_new());
  REQUIRE(EVP_DigestVerifyInit(verifying.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
  CHECK(EVP_DigestVerify(verifying.get(), bytes, size, text, 5) == 1);
}
