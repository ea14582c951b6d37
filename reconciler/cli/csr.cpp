#include "cli/csr.hpp"

#include "base/log.hpp"
#include "base/screen.hpp"
#include "base/text.hpp"
#include "cli/account.hpp"
#include "cli/changes.hpp"
#include "cli/command.hpp"
#include "cli/option_groups.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "pki/csr.hpp"
#include "report/wording.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include <fmt/ranges.h>

namespace cpsctl::cli {

Result<> name_files(std::vector<CsrRow>& rows, std::string const& folder) {
  std::map<std::string, CsrRow const*> taken;
  for (CsrRow& row : rows) {
    row.file = (std::filesystem::path(folder) / fmt::format("{}-{}.csr", row.name, row.key_algorithm)).string();
    auto const [other, is_new] = taken.emplace(text::lower(row.file), &row);
    if (!is_new)
      return Error{.code = Errc::io,
                   .message = fmt::format("two CSRs would be written into {}: of change {} ({}) and of change {} ({})",
                                          row.file, other->second->change, other->second->name, row.change, row.name),
                   .next = "print them without --out-dir, or take -o json"};
  }
  return {};
}

namespace {

struct Asked {
  std::vector<std::string> names = {};
  std::optional<std::string> out_dir = {};
};

/// A document, and how badly the reading went.
struct Read {
  CsrDocument document = {};
  Exit unread = Exit::done;
};

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

/// What the manifest wants by now that asks for another certificate than this one.
std::vector<std::string> outdated(plan::ItemView const* planned) {
  std::vector<diff::Change> other;
  if (planned == nullptr) return {};
  std::ranges::copy_if(planned->changes, std::back_inserter(other), [](diff::Change const& change) {
    return change.effect == schema::Effect::certificate || change.effect == schema::Effect::immutable;
  });
  std::vector<std::string> lines;
  for (report::ChangeLine const& line : report::change_lines(other))
    lines.push_back(fmt::format("{} {} {}", line.field, line.sign.symbol, line.value));
  return lines;
}

/// What cannot be read hides no other.
Read document_of(std::vector<ChangeSight> const& sights, plan::PlanView const& plan) {
  Read read;
  CsrDocument& document = read.document;
  plan::ByKey const planned(plan);
  auto const failed = [&](ChangeSight const& sight, Error const& error) {
    note_failure(sight, error, document.without, read.unread);
  };
  for (ChangeSight const& sight : sights) {
    if (sight.failure) {
      failed(sight, *sight.failure);
      continue;
    }
    auto const* const info = std::get_if<cps::InputInfo>(&sight.info);
    auto const* const csrs = info != nullptr ? std::get_if<cps::Csrs>(info) : nullptr;
    if (csrs == nullptr) document.without.push_back(without(sight));
    if (csrs == nullptr) continue;
    for (cps::Csr const& csr : csrs->csrs) {
      auto row = row_of(sight.pending, csr);
      if (row) {
        row->outdated = outdated(planned.find({.name = sight.pending.name}));
        document.csrs.push_back(std::move(*row));
      } else {
        failed(sight, row.error());
      }
    }
  }
  return read;
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

std::vector<std::string> named(CsrDocument const& document) {
  std::vector<std::string> names;
  std::ranges::transform(document.csrs, std::back_inserter(names), &CsrRow::name);
  return names;
}

/// What a person has to know beside the document.
void tell(CsrDocument const& document, std::vector<std::string> const& words, plan::Selection const& selection) {
  tell_without(document.without, named(document), words, "no CSR to sign");
  for (CsrRow const& row : document.csrs)
    if (!row.outdated.empty())
      log::warning("{}: its CSR no longer fits the manifest, which wants {}: a certificate for it will not bring that",
                   row.name, fmt::join(row.outdated, "; "));
  if (!document.csrs.empty() || !document.without.empty() || !words.empty()) return;
  log::info("no change{} waits for a certificate that is signed outside CPS", narrowed(selection));
}

Result<> write(CsrDocument& document, std::string const& folder, World& world) {
  CPS_CHECK(check_stays("--out-dir", folder));
  CPS_CHECK(name_files(document.csrs, folder));
  if (document.csrs.empty()) return {};
  CPS_CHECK(world.files.make_folders(folder));
  for (CsrRow const& row : document.csrs) CPS_CHECK(world.files.publish(row.file, row.csr));
  return {};
}

/// cpsctl csr: one list per contract, and for each change that is pending two requests.
Result<Exit> run(Asked const& asked, Options options, World& world) {
  if (asked.out_dir && asked.out_dir->empty())
    return usage("--out-dir names no folder: it is empty", "name one (is the variable set?)");
  options.selection.names.insert(options.selection.names.end(), asked.names.begin(), asked.names.end());
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_TRY(Answers const answers,
            read_wanted(asked.names,
                        {.takes = [](PendingChange const& one) { return one.kind == "third-party"; },
                         .otherwise = "CPS itself has its certificates signed"},
                        account));
    Read read = document_of(answers.sights, answers.plan);
    CsrDocument& document = read.document;
    document.without.insert(document.without.end(), answers.never.begin(), answers.never.end());
    if (asked.out_dir) CPS_CHECK(write(document, *asked.out_dir, world));
    tell(document, asked.names, answers.inputs.selection);
    return delivered({.text = [&](std::ostream& out, report::Style const&) { print(document, out); },
                      .json = [&] { return fields::versioned(document); }},
                     worse(exit_of(asked.names, named(document), document.without), read.unread), options.global,
                     world);
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
