#include "sandbox/keys.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

namespace cpsctl::sandbox {
namespace {

using Number = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using Arithmetic = std::unique_ptr<BN_CTX, Freed<BN_CTX_free>>;
using ParametersBuild = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using KeyMaker = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;

constexpr int prime_bits = 1024;
constexpr BN_ULONG exponent = RSA_F4;

/// Its top two bits are set, so that the product of two has twice its bits; less one, it has no factor in common with
/// the exponent, which is prime.
Number new_prime() {
  for (;;) {
    Number prime(BN_new());
    if (!prime || BN_generate_prime_ex(prime.get(), prime_bits, 0, nullptr, nullptr, nullptr) != 1) return nullptr;
    if (BN_mod_word(prime.get(), exponent) != 1) return prime;
  }
}

/// Pairs of primes, none of them twice: of the first two, then of each of those with the third, and so on.
class Primes {
 public:
  using Pair = std::pair<Number, Number>;

  /// Both are null when there are none to be had.
  Pair next() {
    std::scoped_lock const lock(mutex_);
    while (primes_.size() <= second_) {
      Number prime = new_prime();
      if (!prime) return {};
      primes_.push_back(std::move(prime));
    }
    Pair pair{Number(BN_dup(primes_[first_].get())), Number(BN_dup(primes_[second_].get()))};
    if (++first_ == second_) {
      first_ = 0;
      ++second_;
    }
    return pair;
  }

 private:
  std::mutex mutex_;
  std::vector<Number> primes_;
  std::size_t first_ = 0;
  std::size_t second_ = 1;
};

bool less_one(Number const& to, Number const& from) {
  return to && BN_copy(to.get(), from.get()) != nullptr && BN_sub_word(to.get(), 1) == 1;
}

Key rsa_key(Number const& p, Number const& q) {
  Arithmetic const with(BN_CTX_new());
  ParametersBuild const build(OSSL_PARAM_BLD_new());
  Number const n(BN_new());
  Number const e(BN_new());
  Number const d(BN_new());
  Number const p_less_one(BN_new());
  Number const q_less_one(BN_new());
  Number const both(BN_new());
  Number const dp(BN_new());
  Number const dq(BN_new());
  Number const q_inverse(BN_new());
  if (!p || !q || !with || !build || !n || !e || !d || !both || !dp || !dq || !q_inverse) return nullptr;
  for (Number const* const secret : {&p, &q, &d, &p_less_one, &q_less_one, &both})
    BN_set_flags(secret->get(), BN_FLG_CONSTTIME);
  bool const known = less_one(p_less_one, p) && less_one(q_less_one, q) && BN_set_word(e.get(), exponent) == 1 &&
                     BN_mul(n.get(), p.get(), q.get(), with.get()) == 1 &&
                     BN_mul(both.get(), p_less_one.get(), q_less_one.get(), with.get()) == 1 &&
                     BN_mod_inverse(d.get(), e.get(), both.get(), with.get()) != nullptr &&
                     BN_mod(dp.get(), d.get(), p_less_one.get(), with.get()) == 1 &&
                     BN_mod(dq.get(), d.get(), q_less_one.get(), with.get()) == 1 &&
                     BN_mod_inverse(q_inverse.get(), q.get(), p.get(), with.get()) != nullptr;
  if (!known) return nullptr;
  std::pair<char const*, Number const*> const parts[] = {
      {OSSL_PKEY_PARAM_RSA_N, &n},          {OSSL_PKEY_PARAM_RSA_E, &e},
      {OSSL_PKEY_PARAM_RSA_D, &d},          {OSSL_PKEY_PARAM_RSA_FACTOR1, &p},
      {OSSL_PKEY_PARAM_RSA_FACTOR2, &q},    {OSSL_PKEY_PARAM_RSA_EXPONENT1, &dp},
      {OSSL_PKEY_PARAM_RSA_EXPONENT2, &dq}, {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &q_inverse}};
  for (auto const& [name, number] : parts)
    if (OSSL_PARAM_BLD_push_BN(build.get(), name, number->get()) != 1) return nullptr;
  Parameters const parameters(OSSL_PARAM_BLD_to_param(build.get()));
  KeyMaker const maker(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !maker || EVP_PKEY_fromdata_init(maker.get()) != 1 ||
      EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) != 1)
    return nullptr;
  return Key(key);
}

}  // namespace

Result<Key> new_rsa_key() {
  static Primes primes;
  auto const [p, q] = primes.next();
  Key key = rsa_key(p, q);
  if (!key) return openssl_error("make an RSA key");
  return key;
}

}  // namespace cpsctl::sandbox
