#include "cli/process.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <openssl/crypto.h>

namespace cpsctl::cli {

void keep_memory_private() {
  // Neither can fail but where a seccomp filter forbids it; the work goes on without them.
  rlimit const none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // a limit of 0 does not hold for cores that go into a pipe
}

void ignore_openssl_conf() {
  // Its configuration is read once, at the first use that does not say otherwise; afterwards it is too late.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

}  // namespace cpsctl::cli
