#include "cli/csr.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::cli;

TEST_CASE("csr: each has a file of its own, or none is written") {
  std::vector<CsrRow> rows{{.name = "api", .key_algorithm = "RSA"}, {.name = "api", .key_algorithm = "ECDSA"}};
  REQUIRE(name_files(rows, "csrs"));
  CHECK(rows[0].file == "csrs/api-RSA.csr");
  CHECK(rows[1].file == "csrs/api-ECDSA.csr");
  for (char const* const name : {"api", "API"}) {
    std::vector<CsrRow> both{{.name = "api", .change = 1, .key_algorithm = "RSA"},
                             {.name = name, .change = 2, .key_algorithm = "RSA"}};
    auto const named = name_files(both, "csrs");
    REQUIRE_FALSE(named);
    CHECK(named.error().code == Errc::io);
    CHECK(named.error().message.find("of change 1 (api) and of change 2") != std::string::npos);
  }
}
