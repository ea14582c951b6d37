#pragma once
#include "base/fields.hpp"
#include "base/result.hpp"
#include "cli/asked.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What `cpsctl csr` prints (schemas/csr.v1.schema.json).
namespace cpsctl::cli {

/// One CSR that CPS made and somebody is to sign.
struct CsrRow {
  std::string name = {};
  std::int64_t id = 0;
  std::int64_t change = 0;
  std::string common_name = {};
  std::vector<std::string> dns_names = {};  ///< of the CSR itself
  std::string key_algorithm = {};
  std::string csr = {};   ///< PEM
  std::string file = {};  ///< where it was written, with --out-dir
  /// What the manifest wants by now, and a certificate for this CSR would not bring: "csr.sans + new.example.com".
  std::vector<std::string> outdated = {};
};
BOOST_DESCRIBE_STRUCT(CsrRow, (), (name, id, change, common_name, dns_names, key_algorithm, csr, file, outdated))

struct CsrDocument {
  std::vector<CsrRow> csrs = {};
  std::vector<Without> without = {};
};
BOOST_DESCRIBE_STRUCT(CsrDocument, (), (csrs, without))

/// Gives each its file below the folder. Errors: io, when two would be written into the same one, also where
/// capitals make no difference.
Result<> name_files(std::vector<CsrRow>& rows, std::string const& folder);

}  // namespace cpsctl::cli
