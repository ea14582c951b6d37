#include "pki/chain.hpp"

#include "pki/openssl.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <tuple>
#include <utility>

namespace cpsctl::pki {
namespace {

using namespace openssl;

constexpr std::size_t longest_chain = 10;    // real ones have two or three
constexpr std::size_t most_candidates = 16;  // for one signature: a pile made to cost time has more

using StackOwner = std::unique_ptr<STACK_OF(X509), Freed<[](STACK_OF(X509) * stack) { sk_X509_free(stack); }>>;
using StoreOwner = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using ContextOwner = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;

/// Looks for one leaf's chain.
class Search {
 public:
  Search(std::size_t leaf, std::span<Given const> pile, WallTime now)
      : leaf_(leaf), pile_(pile), now_(now), known_(pile.size()) {}

  Chain find() {
    std::size_t last = leaf_;
    while (chain_.issuers.size() < longest_chain) {
      auto const candidates = issuers_of(last);
      if (candidates.empty()) break;
      auto const signer = std::ranges::find_if(candidates, [&](std::size_t at) { return has_signed(at, last); });
      if (signer == candidates.end()) return fail(ChainFault::bad_signature, last);
      chain_.issuers.push_back(*signer);
      last = *signer;
    }
    if (chain_.issuers.empty()) return fail(ChainFault::incomplete, leaf_);
    return verified();
  }

 private:
  Chain fail(ChainFault fault, std::size_t at) {
    chain_.fault = fault;
    chain_.faulty = at;
    return std::move(chain_);
  }

  X509* known(std::size_t at) {
    if (!known_[at]) known_[at] = from_der<X509Owner>(pile_[at].certificate.der, d2i_X509);
    if (!known_[at]) throw std::bad_alloc();  // it could be read when it came
    return known_[at].get();
  }

  bool in_chain(std::size_t at) const {
    return at == leaf_ || std::ranges::find(chain_.issuers, at) != chain_.issuers.end();
  }

  /// Those that could have issued it, going by names and key identifiers: the best first.
  std::vector<std::size_t> issuers_of(std::size_t child) {
    X509* const x509 = known(child);
    if (child != leaf_ && X509_self_signed(x509, 0) == 1) return {};
    std::vector<std::size_t> found;
    for (std::size_t at = 0; at < known_.size(); ++at) {
      bool const name_fits = pile_[at].certificate.subject_hash == pile_[child].certificate.issuer_hash;
      if (!name_fits || in_chain(at)) continue;
      int const answer = X509_check_issued(known(at), x509);
      // One whose key is not for signing is looked at, too: that is what is wrong then.
      if (answer == X509_V_OK || answer == X509_V_ERR_KEYUSAGE_NO_CERTSIGN) found.push_back(at);
    }
    auto const rank = [&](std::size_t at) {
      Certificate const& one = pile_[at].certificate;
      bool const valid = one.not_before <= now_ && now_ <= one.not_after;
      return std::tuple(valid, one.self_issued, one.not_after, at);
    };
    std::ranges::sort(found, [&](std::size_t a, std::size_t b) { return rank(a) > rank(b); });
    if (found.size() > most_candidates) found.resize(most_candidates);
    return found;
  }

  bool has_signed(std::size_t issuer, std::size_t child) {
    EVP_PKEY* const key = X509_get0_pubkey(known(issuer));
    return key != nullptr && X509_verify(known(child), key) == 1;
  }

  /// What OpenSSL has to say of it, with the last one trusted.
  Chain verified() {
    StoreOwner const store(X509_STORE_new());
    StackOwner const between(sk_X509_new_null());
    ContextOwner const context(X509_STORE_CTX_new());
    if (!store || !between || !context) throw std::bad_alloc();
    X509_STORE_add_cert(store.get(), known(chain_.issuers.back()));
    for (std::size_t const at : chain_.issuers) sk_X509_push(between.get(), known(at));
    if (X509_STORE_CTX_init(context.get(), store.get(), known(leaf_), between.get()) != 1) throw std::bad_alloc();
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context.get()),
                                X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_CHECK_SS_SIGNATURE | X509_V_FLAG_NO_CHECK_TIME);
    X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_verify_cb(context.get(), [](int good, X509_STORE_CTX* at) {
      bool const usage_of_leaf = X509_STORE_CTX_get_error(at) == X509_V_ERR_INVALID_PURPOSE &&
                                 X509_STORE_CTX_get_error_depth(at) == 0;  // check_leaf() says it better
      return usage_of_leaf ? 1 : good;
    });
    if (X509_verify_cert(context.get()) == 1) return std::move(chain_);
    int const error = X509_STORE_CTX_get_error(context.get());
    auto const depth = static_cast<std::size_t>(std::max(0, X509_STORE_CTX_get_error_depth(context.get())));
    std::size_t const at = depth == 0 ? leaf_ : chain_.issuers[std::min(depth, chain_.issuers.size()) - 1];
    if (error == X509_V_ERR_CERT_SIGNATURE_FAILURE) return fail(ChainFault::bad_signature, at);
    chain_.reason = X509_verify_cert_error_string(error);
    return fail(ChainFault::invalid, at);
  }

  std::size_t leaf_;
  std::span<Given const> pile_;
  WallTime now_;
  std::vector<X509Owner> known_;  ///< those of the pile that were looked at, at the same places
  Chain chain_ = {};
};

}  // namespace

Chain find_chain(std::size_t leaf, std::span<Given const> pile, WallTime now) {
  QuietErrors const quiet;
  return Search(leaf, pile, now).find();
}

}  // namespace cpsctl::pki
