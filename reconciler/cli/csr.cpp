#include "pki/csr.hpp"

#include "base/fields.hpp"
#include "base/log.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "cli/account.hpp"
#include "cli/changes.hpp"
#include "cli/command.hpp"
#include "cli/option_groups.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace cpsctl::cli {
namespace {

namespace fs = std::filesystem;

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
};
BOOST_DESCRIBE_STRUCT(CsrRow, (), (name, id, change, common_name, dns_names, key_algorithm, csr, file))

/// Why there is none of an enrollment that was asked for.
struct WithoutCsr {
  std::string name = {};
  std::int64_t change = 0;  ///< 0: none is pending
  std::string reason = {};
  bool later = false;  ///< CPS may still make one
};
BOOST_DESCRIBE_STRUCT(WithoutCsr, (), (name, change, reason, later))

struct CsrDocument {
  std::vector<CsrRow> csrs = {};
  std::vector<WithoutCsr> without = {};
};
BOOST_DESCRIBE_STRUCT(CsrDocument, (), (csrs, without))

struct Asked {
  std::vector<std::string> names = {};
  std::string out_dir = {};
};

/// What a change without a CSR does instead.
WithoutCsr without(ChangeSight const& sight) {
  WithoutCsr none{.name = sight.pending.name, .change = sight.pending.change.id.value};
  if (!sight.change) {
    none.reason = "its change has ended meanwhile";
    return none;
  }
  cps::Change const& change = *sight.change;
  std::string const status = text::printable(change.status);
  bool const at_work = change.state == cps::ChangeState::new_ || change.state == cps::ChangeState::running;
  bool const waits = change.state == cps::ChangeState::awaiting_input;
  bool const gone = std::holds_alternative<lifecycle::Gone>(sight.info);
  none.later = at_work || gone;
  if (at_work)
    none.reason = fmt::format("CPS works on it ({})", status);
  else if (gone)
    none.reason = "its change moved on just now";
  else if (waits)
    none.reason = fmt::format("its change waits for something else ({}): cpsctl status {}", status, none.name);
  else
    none.reason = fmt::format("its change is at {} ({})", text::printable(change.state_text), status);
  return none;
}

/// Whoever signs gets what he can check: a CSR that its own key has made.
Result<CsrRow> row_of(PendingChange const& pending, cps::Csr const& from) {
  auto const csr = pki::read_csr(from.csr);
  if (!csr) return Error(csr.error()).within(fmt::format("the CSR of {}", pending.name));
  CsrRow row{.name = pending.name,
             .id = pending.enrollment.value,
             .change = pending.change.id.value,
             .common_name = pending.common_name,
             .key_algorithm = csr->key.algorithm ? fields::word(*csr->key.algorithm) : "unknown"};
  for (pki::AlternativeName const& name : csr->names)
    if (name.kind == pki::NameKind::dns) row.dns_names.push_back(name.value);
  std::istringstream lines(from.csr);
  for (std::string line; std::getline(lines, line);)
    if (std::string_view const part = text::trimmed(line); !part.empty())
      row.csr += fmt::format("{}\n", text::printable(part));
  return row;
}

Result<CsrDocument> document_of(std::vector<ChangeSight> const& sights) {
  CsrDocument document;
  for (ChangeSight const& sight : sights) {
    auto const* const info = std::get_if<cps::InputInfo>(&sight.info);
    auto const* const csrs = info != nullptr ? std::get_if<cps::Csrs>(info) : nullptr;
    if (csrs == nullptr) document.without.push_back(without(sight));
    if (csrs == nullptr) continue;
    for (cps::Csr const& csr : csrs->csrs) {
      CPS_TRY(CsrRow row, row_of(sight.pending, csr));
      document.csrs.push_back(std::move(row));
    }
  }
  return document;
}

void print(CsrDocument const& document, std::ostream& out) {
  bool const alone = document.csrs.size() == 1;
  for (CsrRow const& row : document.csrs) {
    if (!row.file.empty()) {
      screen::line(out, "{}  {}  change {}  {}", row.name, row.key_algorithm, row.change, row.file);
      continue;
    }
    // Readers of PEM pass over what stands before a block.
    if (!alone) screen::line(out, "# {} {}, change {}", row.name, row.key_algorithm, row.change);
    std::istringstream lines(row.csr);
    for (std::string line; std::getline(lines, line);) screen::line(out, "{}", line);
  }
}

/// What has none although it was asked for, by name or with all the others.
void tell(CsrDocument const& document, std::vector<std::string> const& names) {
  for (WithoutCsr const& one : document.without) log::warning("{}: no CSR to sign: {}", one.name, one.reason);
  if (document.csrs.empty() && document.without.empty() && names.empty())
    log::info("no change waits for a certificate that is signed outside CPS");
}

Result<> write(CsrDocument& document, std::string const& folder, World& world) {
  if (folder.empty() || document.csrs.empty()) return {};
  CPS_CHECK(check_stays("--out-dir", folder));
  CPS_CHECK(world.files.make_folders(folder));
  for (CsrRow& row : document.csrs) {
    fs::path const file = fs::path(folder) / fmt::format("{}-{}.csr", row.name, row.key_algorithm);
    CPS_CHECK(world.files.publish(file, row.csr));
    row.file = file.string();
  }
  return {};
}

Exit exit_of(CsrDocument const& document, Asked const& asked) {
  if (asked.names.empty() || document.without.empty()) return Exit::done;
  bool const later = std::ranges::all_of(document.without, &WithoutCsr::later);
  return later ? Exit::again : Exit::failed;
}

/// Those of the names that cannot have a CSR now, whatever their changes say.
std::vector<WithoutCsr> never(std::vector<std::string> const& names, std::vector<PendingChange> const& changes) {
  std::vector<WithoutCsr> found;
  for (std::string const& name : names) {
    bool any = false;
    for (PendingChange const& one : changes) {
      if (!text::glob_matches(name, one.name)) continue;
      any = true;
      if (!one.signed_outside)
        found.push_back(
            {.name = one.name, .change = one.change.id.value, .reason = "CPS itself has its certificates signed"});
    }
    if (!any) found.push_back({.name = name, .reason = "no change is pending at CPS"});
  }
  return found;
}

/// cpsctl csr: one list per contract, and for each change that is pending two requests.
Result<Exit> run(Asked const& asked, Options options, World& world) {
  options.selection.names.insert(options.selection.names.end(), asked.names.begin(), asked.names.end());
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_TRY(manifest::Loaded manifests, account.read_manifests(Account::Manifests::if_any));
    CPS_CHECK(account.connect());
    CPS_CHECK(account.look());
    plan::Inputs known = account.inputs(std::move(manifests));
    CPS_CHECK(check_words(known));
    CPS_TRY(plan::Inputs const inputs, account.ask(std::move(known)));
    CPS_TRY(plan::Plan const plan, plan::make_plan(inputs));
    CPS_TRY(auto changes, pending_changes(inputs, plan::view(plan)));
    std::vector<WithoutCsr> const others = never(asked.names, changes);
    std::erase_if(changes, [](PendingChange const& one) { return !one.signed_outside; });
    CPS_TRY(auto const sights, look_at(std::move(changes), account.connection()));
    CPS_TRY(CsrDocument document, document_of(sights));
    document.without.insert(document.without.end(), others.begin(), others.end());
    CPS_CHECK(write(document, asked.out_dir, world));
    tell(document, asked.names);
    return delivered({.text = [&](std::ostream& out, report::Style const&) { print(document, out); },
                      .json = [&] { return fields::versioned(document); }},
                     exit_of(document, asked), options.global, world);
  });
}

}  // namespace

Command csr_command() {
  return {.name = "csr",
          .what = "Print the CSRs that wait for your CA",
          .topic = "third-party",
          .examples = {{{"cpsctl csr", "all that wait to be signed"},
                        {"cpsctl csr --out-dir csrs", "the same, a file each"},
                        {"cpsctl csr -o json", "for a program that has them signed"}}},
          .works = Works::asking_cps,
          .takes = [](Flags& flags, Options& options) -> Run {
            auto const asked = std::make_shared<Asked>();
            flags.add({"NAME", "manifest names (default: all)", "", Names::enrollments}, asked->names);
            take_selection(flags, options);
            flags.add({"--out-dir", "write each into a file NAME-ALGORITHM.csr below", "DIR", Names::folders},
                      asked->out_dir);
            return with(asked, run);
          }};
}

}  // namespace cpsctl::cli
