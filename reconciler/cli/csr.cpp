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

Found found(CsrDocument const& document, std::string const& word) {
  auto const fits = [&](auto const& one) { return one.name == word || text::glob_matches(word, one.name); };
  if (std::ranges::any_of(document.csrs, fits)) return Found::some;
  bool const never =
      std::ranges::any_of(document.without, [&](WithoutCsr const& one) { return fits(one) && !one.later; });
  return never || std::ranges::none_of(document.without, fits) ? Found::none : Found::later;
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
    log::error("{}: {}", sight.pending.name, describe(error));
    read.unread = worse(read.unread, exit_for(error.code));
    document.without.push_back({.name = sight.pending.name,
                                .change = sight.pending.change.id.value,
                                .reason = "it could not be read: " + describe(error)});
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

/// "-l team=web", of a selection by more than names; else nothing.
std::string narrowed_by(plan::Selection selection) {
  selection.names.clear();
  return selection.everything() ? std::string() : selection.text();
}

/// What a person has to know beside the document.
void tell(CsrDocument const& document, std::vector<std::string> const& names, plan::Selection const& selection) {
  auto const served = [&](WithoutCsr const& one) {
    return std::ranges::any_of(names, [&](std::string const& word) {
      return text::glob_matches(word, one.name) && found(document, word) == Found::some;
    });
  };
  for (WithoutCsr const& one : document.without)
    log::write(served(one) ? log::Level::info : log::Level::warning,
               fmt::format("{}: no CSR to sign: {}", one.name, one.reason));
  for (CsrRow const& row : document.csrs)
    if (!row.outdated.empty())
      log::warning("{}: its CSR no longer fits the manifest, which wants {}: a certificate for it will not bring that",
                   row.name, fmt::join(row.outdated, "; "));
  if (!document.csrs.empty() || !document.without.empty() || !names.empty()) return;
  std::string const narrowed = narrowed_by(selection);
  log::info("no change{} waits for a certificate that is signed outside CPS",
            narrowed.empty() ? "" : fmt::format(" of what {} selects", narrowed));
}

Result<> write(CsrDocument& document, std::string const& folder, World& world) {
  CPS_CHECK(check_stays("--out-dir", folder));
  CPS_CHECK(name_files(document.csrs, folder));
  if (document.csrs.empty()) return {};
  CPS_CHECK(world.files.make_folders(folder));
  for (CsrRow const& row : document.csrs) CPS_CHECK(world.files.publish(row.file, row.csr));
  return {};
}

Exit exit_of(CsrDocument const& document, Asked const& asked) {
  Exit exit = Exit::done;
  for (std::string const& word : asked.names) {
    Found const what = found(document, word);
    if (what == Found::later) exit = worse(exit, Exit::again);
    if (what == Found::none) exit = worse(exit, Exit::failed);
  }
  return exit;
}

/// Does anybody know an enrollment of that name that the rest of the selection leaves out?
bool left_out(plan::Inputs const& inputs, std::string const& word) {
  auto const out = [&](std::string const& name, std::string const& contract,
                       std::map<std::string, std::string> const& labels) {
    return text::glob_matches(word, name) && !inputs.selection.takes(name, contract, labels);
  };
  return std::ranges::any_of(inputs.desired,
                             [&](manifest::Desired const& one) { return out(one.name, one.contract, one.labels); }) ||
         std::ranges::any_of(inputs.entries,
                             [&](auto const& one) { return out(one.first, one.second.contract, one.second.labels); });
}

/// Those of the words that cannot have a CSR now, whatever their changes say: each enrollment once.
std::vector<WithoutCsr> never(plan::Inputs const& inputs, std::vector<std::string> const& words,
                              std::vector<PendingChange> const& changes) {
  std::vector<WithoutCsr> all;
  auto const add = [&all](WithoutCsr one) {
    auto const same = [&one](WithoutCsr const& other) { return other.name == one.name && other.change == one.change; };
    if (std::ranges::none_of(all, same)) all.push_back(std::move(one));
  };
  for (std::string const& word : words) {
    bool any = false;
    for (PendingChange const& one : changes) {
      if (!text::glob_matches(word, one.name)) continue;
      any = true;
      if (!one.signed_outside)
        add({.name = one.name, .change = one.change.id.value, .reason = "CPS itself has its certificates signed"});
    }
    if (any) continue;
    add({.name = word,
         .reason = left_out(inputs, word) ? fmt::format("{} leaves it out", narrowed_by(inputs.selection))
                                          : "no change is pending at CPS"});
  }
  return all;
}

/// cpsctl csr: one list per contract, and for each change that is pending two requests.
Result<Exit> run(Asked const& asked, Options options, World& world) {
  if (asked.out_dir && asked.out_dir->empty())
    return usage("--out-dir names no folder: it is empty", "name one (is the variable set?)");
  options.selection.names.insert(options.selection.names.end(), asked.names.begin(), asked.names.end());
  return on_account(options, world, [&](Account& account) -> Result<Exit> {
    CPS_TRY(manifest::Loaded manifests, account.read_manifests(Account::Manifests::if_any));
    CPS_CHECK(account.connect());
    CPS_CHECK(account.look());
    plan::Inputs known = account.inputs(std::move(manifests));
    CPS_CHECK(check_words(known));
    CPS_TRY(plan::Inputs const inputs, account.ask(std::move(known)));
    CPS_TRY(plan::Plan const plan, plan::make_plan(inputs));
    plan::PlanView const seen = plan::view(plan);
    CPS_TRY(auto changes, pending_changes(inputs, seen, Lives(inputs)));
    std::vector<WithoutCsr> const others = never(inputs, asked.names, changes);
    std::erase_if(changes, [](PendingChange const& one) { return !one.signed_outside; });
    CPS_TRY(auto const sights, look_at(std::move(changes), account.connection()));
    Read read = document_of(sights, seen);
    CsrDocument& document = read.document;
    document.without.insert(document.without.end(), others.begin(), others.end());
    if (asked.out_dir) CPS_CHECK(write(document, *asked.out_dir, world));
    tell(document, asked.names, inputs.selection);
    return delivered({.text = [&](std::ostream& out, report::Style const&) { print(document, out); },
                      .json = [&] { return fields::versioned(document); }},
                     worse(exit_of(document, asked), read.unread), options.global, world);
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
