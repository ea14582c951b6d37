#include "base/clock.hpp"
#include "base/fields.hpp"
#include "base/text.hpp"
#include "state/files.hpp"
#include "state/history.hpp"
#include "state/journal.hpp"
#include "state/realm.hpp"
#include "state/replay.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/ranges.h>

namespace cpsctl::state {
namespace {

constexpr std::size_t snapshot_limit = std::size_t{4} << 30;
constexpr std::size_t journal_limit = std::size_t{4} << 30;

/// A name becomes part of file names and of commands that people copy, a version part of a header.
bool usable(Entry const& entry) {
  auto const letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  auto const inner = [&](char c) { return letter(c) || c == '.' || c == '_' || c == '-'; };
  bool const named = !entry.name.empty() && letter(entry.name.front()) && letter(entry.name.back()) &&
                     std::ranges::all_of(entry.name, inner);
  return named && entry.id > 0 && std::ranges::all_of(entry.api_schema, letter);
}

/// When the attempt of a lost answer was over. A create's: now; what CPS may still do with it is waited for anyway
/// (api.settle). Other writes are sent again right after that, so the earlier time still holds.
std::string over_by(Record const& intent, Record const& lost) {
  auto const said = parse_timestamp(intent.ends_by);
  auto const now = parse_timestamp(lost.at);
  bool const later = said && now && *said > *now;
  return intent.step != WriteKind::create && later ? intent.ends_by : lost.at;
}

/// Both next steps are commands: the previous snapshot, if there is one, and life without a state.
Error corrupt(std::filesystem::path const& path, std::string problem, Files& files) {
  std::string const file = path.string();
  auto const backup = files.kind(file + ".bak");
  bool const has_backup = backup && *backup == FileKind::file;
  std::string next = has_backup ? fmt::format("cp {0}.bak {0} (the state before the last run that wrote it), or ", file)
                                : std::string();
  next += fmt::format(
      "mv {0} {0}.broken, then cpsctl state rebuild, with the PATHs of your manifests: it finds what exists at CPS",
      file);
  return Error{.code = Errc::io,
               .message = fmt::format("{} cannot be used: {}", file, std::move(problem)),
               .next = std::move(next)};
}

/// A state in git was merged like a text. Which side is right nobody can say from the file: CPS can.
Error in_conflict(std::filesystem::path const& path, std::string_view text, std::size_t at, Files& files) {
  int const line = 1 + static_cast<int>(std::ranges::count(text.substr(0, at), '\n'));
  Error error = corrupt(path, fmt::format("a merge conflict of git begins at line {}", line), files);
  error.next += "; keep the state out of git, where texts are merged (cpsctl help state)";
  error.at = Mark{.file = path.string(), .line = line};
  return error;
}

Error other_realm(std::filesystem::path const& path, std::string const& its, std::string const& wanted) {
  return Error{.code = Errc::io,
               .message = fmt::format("{} belongs to {}, this run talks to {}", path.string(), its, wanted),
               .next = "use the credentials that it belongs to, or another --state file"};
}

Result<> read_snapshot(std::filesystem::path const& path, std::string const& realm, Files& files, Replayed& replayed) {
  Contents& contents = replayed.contents;
  CPS_TRY(FileKind const kind, files.kind(path));
  if (kind == FileKind::missing) return {};
  CPS_TRY(std::string const text, files.read(path, snapshot_limit));
  auto const document = json::parse(text, "it");
  auto const conflict = document ? std::nullopt : text::merge_conflict(text);
  if (conflict) return in_conflict(path, text, *conflict, files);
  if (!document) return corrupt(path, document.error().message, files);
  json::Value const* const version = json::find(*document, "formatVersion");
  if (version == nullptr || !version->IsInt64()) return corrupt(path, "it is not a cpsctl state", files);
  if (version->GetInt64() > newest_format)
    return Error{.code = Errc::io,
                 .message = fmt::format("{} was written by a newer cpsctl (format {}, this one knows {})",
                                        path.string(), version->GetInt64(), newest_format),
                 .next = "use that version of cpsctl"};
  Snapshot snapshot;
  if (!fields::from_json(*document, snapshot)) return corrupt(path, "a member has the wrong type", files);
  if (snapshot.realm.empty()) return corrupt(path, "it does not say which realm it belongs to", files);
  if (!is_counter(snapshot.serial) || !is_counter(snapshot.sequence))
    return corrupt(path, "its serial or sequence was not counted by cpsctl", files);
  std::string const its = realm_of(snapshot.realm);
  if (!realm.empty() && its != realm) return other_realm(path, its, realm);

  std::set<std::int64_t> ids;
  for (Entry& entry : snapshot.enrollments) {
    if (!usable(entry)) return corrupt(path, "an enrollment has no usable name, id or API version", files);
    if (!ids.insert(entry.id).second)
      return corrupt(path, fmt::format("enrollment {} appears in it twice", entry.id), files);
    std::string name = entry.name;
    if (!contents.entries.emplace(std::move(name), std::move(entry)).second)
      return corrupt(path, "an enrollment's name appears in it twice", files);
  }
  std::set<std::int64_t> sequences;
  for (Record const& intent : snapshot.open_intents) {
    bool const in_range = intent.sequence > 0 && intent.sequence <= snapshot.sequence;
    if (intent.phase != Phase::intent || !in_range || !sequences.insert(intent.sequence).second)
      return corrupt(path, "a write in doubt has no number of its own", files);
  }
  // Older versions recorded the host for a realm.
  contents.host = snapshot.host.empty() && its != snapshot.realm ? snapshot.realm : snapshot.host;
  contents.realm = its;
  contents.serial = snapshot.serial;
  replayed.sequence = snapshot.sequence;
  contents.open_intents = std::move(snapshot.open_intents);
  contents.history = std::move(snapshot.history);
  contents.publications = std::move(snapshot.publications);
  contents.exists = true;
  return {};
}

/// Is it one of them: the same value, at the same place, for the same change?
bool is_among(std::vector<Publication> const& all, Publication const& one) {
  return std::ranges::any_of(
      all, [&one](Publication const& other) { return other.change == one.change && same_place(other, one); });
}

/// Takes what the journal says up to the snapshot's last record. The snapshot has the last word on all of that if the
/// two belong together; what only the journal knows tells that they do not, and is not left out for that. Gives the
/// enrollments that the snapshot does not know.
std::vector<std::string> take_before(Contents& contents, Contents before) {
  for (Record& intent : before.open_intents)
    if (std::ranges::find(contents.open_intents, intent.sequence, &Record::sequence) == contents.open_intents.end())
      contents.open_intents.push_back(std::move(intent));
  std::ranges::sort(contents.open_intents, {}, &Record::sequence);

  std::set<std::int64_t> ids;
  for (auto const& [name, entry] : contents.entries) ids.insert(entry.id);
  for (Publication& one : before.publications)
    if (!is_among(contents.publications, one)) contents.publications.push_back(std::move(one));
  std::vector<std::string> unknown;
  for (auto& [name, entry] : before.entries) {
    if (ids.contains(entry.id)) continue;
    unknown.push_back(fmt::format("{} ({})", name, entry.id));
    contents.entries.emplace(name, std::move(entry));
  }
  return unknown;
}

constexpr std::string_view rebuild = "cpsctl state rebuild, with the PATHs of this run, finds what exists at CPS";

Result<> take_journal(Replayed& replayed, JournalText const& parsed, std::filesystem::path const& path) {
  auto const journal = journal_path(path).string();
  Contents& contents = replayed.contents;
  std::int64_t const contained = replayed.sequence;
  auto const take = [&](Contents& into, bool after) -> Result<> {
    for (std::size_t line = 2; Record const& record : parsed.records) {
      Result<> const taken = (record.sequence > contained) == after ? take_record(into, record) : Result<>();
      if (!taken) return damaged_journal(journal, line, taken.error().message);
      ++line;
    }
    return {};
  };
  Contents before;
  CPS_CHECK(take(before, false));
  auto const unknown = take_before(contents, std::move(before));
  CPS_CHECK(take(contents, true));
  std::set<std::int64_t> ids;
  for (auto const& [name, entry] : contents.entries)
    if (!ids.insert(entry.id).second)
      return damaged_journal(journal, parsed.records.size() + 1, "leaves an enrollment with two names");
  replayed.sequence = std::max(contained, parsed.head.sequence);
  for (Record const& record : parsed.records) replayed.sequence = std::max(replayed.sequence, record.sequence);
  replayed.newest_serial = std::max(contents.serial, parsed.head.serial);
  bool const nothing_new = unknown.empty() && (parsed.records.empty() || parsed.records.back().sequence <= contained);
  replayed.settled = replayed.settled && nothing_new && parsed.head.serial == contents.serial && parsed.torn_lines == 0;

  if (!unknown.empty())
    contents.notes.push_back(
        fmt::format("{} belongs to another {} than this one (serial {}): it tells of enrollments "
                    "that are not in it, {}; names that it lacks are taken from there. {}",
                    journal, path.string(), contents.serial, fmt::join(unknown, ", "), rebuild));
  if (parsed.head.serial > contents.serial)
    contents.notes.push_back(fmt::format(
        "{} follows serial {} of {}, {} may be missing. {}", journal, parsed.head.serial, path.string(),
        contents.serial == 0 ? std::string("which is not there: what that held")
                             : fmt::format("but this is serial {}: what was recorded in between", contents.serial),
        rebuild));
  return {};
}

}  // namespace

std::filesystem::path journal_path(std::filesystem::path const& path) {
  return path.string() + ".journal";
}

std::filesystem::path torn_path(std::filesystem::path const& path) {
  return path.string() + ".journal.torn";
}

namespace {

/// The state remembers what was answered, so that it is not answered twice.
void note_answer(Contents& contents, Record const& answer) {
  auto const entry = contents.entries.find(answer.name);
  if (entry == contents.entries.end() || answer.pending_changes.empty()) return;
  std::vector<Watch>& watches = entry->second.watches;
  std::int64_t const change = answer.pending_changes.front();
  auto watch = std::ranges::find(watches, change, &Watch::change);
  if (watch == watches.end()) watch = watches.insert(watches.end(), Watch{.change = change});
  watch->turn.clear();  // what CPS makes of it is looked at by the next run
  watch->answered = answer.input;
  watch->digest = answer.digest;
  watch->looks = 0;
}

/// take_record() but for the history.
Result<> take_change(Contents& contents, Record const& record) {
  auto const intent = std::ranges::find(contents.open_intents, record.intent, &Record::sequence);
  bool const known = intent != contents.open_intents.end();
  switch (record.phase) {
    case Phase::intent:
      if (std::ranges::count(contents.open_intents, record.sequence, &Record::sequence) > 0)
        return Error{.code = Errc::internal, .message = "has the number of another write in doubt"};
      contents.open_intents.push_back(record);
      return {};
    case Phase::conflict:
      if (!known) return {};
      intent->reason = record.reason;
      intent->ends_by = record.at;
      return {};
    case Phase::lost:
      if (!known) return {};
      intent->lost = record.lost;
      intent->ends_by = over_by(*intent, record);
      return {};
    case Phase::refused: break;
    case Phase::watched: {
      auto const entry = contents.entries.find(record.name);
      if (entry == contents.entries.end()) return {};
      entry->second.watches = record.watches;
      if (record.certificates) entry->second.certificates = *record.certificates;
      return {};
    }
    case Phase::withdrawn:
      std::erase_if(contents.publications, [&](Publication const& one) { return is_among(record.publications, one); });
      return {};
    case Phase::published:
      // A second time is the same value with what is known of it now.
      std::erase_if(contents.publications, [&](Publication const& one) { return is_among(record.publications, one); });
      contents.publications.insert(contents.publications.end(), record.publications.begin(), record.publications.end());
      return {};
    case Phase::dropped: {
      contents.entries.erase(record.name);
      // Nothing is left to find out about what was to become of it; a create in doubt is another enrollment.
      auto const moot = [&](Record const& one) {
        return one.name == record.name && (one.sequence == record.intent || one.step != WriteKind::create);
      };
      std::erase_if(contents.open_intents, moot);
      return {};
    }
    case Phase::done:
    case Phase::stored: {
      if (record.step == WriteKind::cancel) break;
      if (record.step == WriteKind::answer) {
        if (known) note_answer(contents, *intent);
        break;
      }
      bool const own = record.entry != nullptr || !known;
      auto const& said = own ? record.entry : intent->entry;
      Entry entry = said ? *said : Entry{};
      if (record.enrollment != 0) entry.id = record.enrollment;
      if (!own && intent->step == WriteKind::schedule) {
        // Nothing began: what is pending is what it was, and what was seen of it meanwhile counts.
        if (auto const before = contents.entries.find(entry.name); before != contents.entries.end())
          entry.watches = before->second.watches;
        for (Watch& watch : entry.watches) watch.turn.clear();
      } else if (!own) {
        (record.step == WriteKind::delete_ ? entry.removal : entry.changes) = record.changes;
        entry.written = record.at;  // a list may lag from the answer on; the intent says when the write was prepared
      }
      // No write says what is served: that is learned from CPS alone.
      if (auto const before = contents.entries.find(record.name);
          before != contents.entries.end() && before->second.id == entry.id)
        entry.certificates = before->second.certificates;
      if (!usable(entry))
        return Error{.code = Errc::internal, .message = "tells of an enrollment, but its name or id cannot be read"};
      if (record.name != entry.name) contents.entries.erase(record.name);
      std::string name = entry.name;
      contents.entries.insert_or_assign(std::move(name), std::move(entry));
      break;
    }
  }
  if (known) contents.open_intents.erase(intent);
  return {};
}

}  // namespace

Result<> take_record(Contents& contents, Record const& record) {
  auto event = event_of(contents, record);
  CPS_CHECK(take_change(contents, record));
  if (event) contents.history.push_back(std::move(*event));
  return {};
}

Result<Replayed> replay(std::filesystem::path const& path, std::string const& realm, Files& files) {
  Replayed replayed;
  Contents& contents = replayed.contents;
  // The journal first: a run that saves meanwhile writes the snapshot first, so the pair is one that a crash may leave.
  auto const journal = journal_path(path);
  CPS_TRY(FileKind const kind, files.kind(journal));
  std::string text;
  if (kind != FileKind::missing) {
    CPS_TRY(text, files.read(journal, journal_limit));
  }
  CPS_CHECK(read_snapshot(path, realm, files, replayed));
  replayed.newest_serial = contents.serial;
  replayed.settled = contents.exists;
  if (kind == FileKind::missing) return replayed;
  if (text.empty()) {
    contents.notes.push_back(
        fmt::format("{} is empty: what a run wrote there last is lost. {}", journal.string(), rebuild));
    return replayed;
  }
  CPS_TRY(JournalText const parsed, parse_journal(text, journal.string()));
  std::string const its = realm_of(parsed.head.realm);
  if (!realm.empty() && its != realm) return other_realm(journal, its, realm);
  if (!contents.exists) contents.realm = its;
  contents.exists = true;
  replayed.valid_bytes = parsed.valid_bytes;
  replayed.torn = text.substr(parsed.valid_bytes);
  if (parsed.torn_lines > 0)
    contents.notes.push_back(fmt::format(
        "{}: {} at its end {} not written completely and {} left out; a run that writes keeps the bytes in {}. If no "
        "run was killed and no disk was full, the file was damaged: {}",
        journal.string(), text::counted(parsed.torn_lines, "line"), parsed.torn_lines == 1 ? "was" : "were",
        parsed.torn_lines == 1 ? "is" : "are", torn_path(path).string(), rebuild));
  CPS_CHECK(take_journal(replayed, parsed, path));
  return replayed;
}

Result<Contents> read_files(std::filesystem::path const& path, std::string const& realm, Files& files) {
  CPS_TRY(Replayed replayed, replay(path, realm, files));
  return std::move(replayed.contents);
}

}  // namespace cpsctl::state
