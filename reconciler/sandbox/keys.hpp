#pragma once
#include "base/result.hpp"
#include "sandbox/crypto.hpp"

/// RSA keys of what CPS orders. They are real and each is another one, but they protect nothing: nearly all of an RSA
/// key's work is to find its primes, so that each pair of a few primes makes one.
namespace cpsctl::sandbox {

/// RSA of 2048 bits. Thread-safe. Errors: internal.
Result<Key> new_rsa_key();

}  // namespace cpsctl::sandbox
