#pragma once
#include "base/json.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

/// What cpsctl remembers between runs. The structs are the file formats' descriptions (base/fields.hpp).
namespace cpsctl::state {

/// The realm of every sandbox (realm.hpp).
inline constexpr char const* sandbox_realm = "sandbox";

/// A pending change as cpsctl has seen it last, and what it answered.
struct Watch {
  static constexpr std::size_t always_written = 4;  // the rest where there is something to say
  std::int64_t change = 0;
  std::string state = {};          ///< CPS's word
  std::string input = {};          ///< what it waits for: the last segment of the input's `update` path; empty: nothing
  std::string since = {};          ///< RFC 3339, by CPS's clock: first seen like this
  std::string staging_since = {};  ///< first seen to wait for its approval
  std::string answered = {};       ///< the input that was answered last
  std::string digest = {};         ///< of what was answered: lifecycle::answer_digest()
  std::int64_t looks = 0;          ///< how often it was seen since, unmoved
  std::string request = {};        ///< that a signer answered with "later"
  std::string reference = {};      ///< the signer's, for the next time
  std::string again = {};          ///< RFC 3339, local clock: not to be asked before
  std::string read = {};           ///< RFC 3339, by CPS's clock: when it was looked at last
  std::string turn = {};           ///< the same: when it is read again; empty: by the next run
  json::Ref seen = {};             ///< what was seen then, as the module lifecycle writes it
  bool operator==(Watch const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Watch, (),
                      (change, state, input, since, staging_since, answered, digest, looks, request, reference, again,
                       read, turn, seen))

/// spec.deploy, as it was last applied: days; empty: none.
struct DeployDays {
  std::string not_before = {};
  std::string not_after = {};
  bool operator==(DeployDays const&) const = default;
};
BOOST_DESCRIBE_STRUCT(DeployDays, (), (not_before, not_after))

/// From when until when a certificate is valid.
struct Dates {
  std::string network = {};     ///< "production", "staging"
  std::string algorithm = {};   ///< "RSA", "ECDSA"; empty: CPS did not say
  std::string not_before = {};  ///< RFC 3339; empty: not known
  std::string not_after = {};
  bool operator==(Dates const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Dates, (), (network, algorithm, not_before, not_after))

/// The certificates that an enrollment serves, as they were learned last.
struct Certificates {
  std::string learned = {};              ///< RFC 3339, by CPS's clock; empty: never
  std::string listed = {};               ///< when the contract's list of active certificates was read last
  std::string renewal_start = {};        ///< as CPS's list said it then: another one tells of another certificate
  std::vector<std::int64_t> ended = {};  ///< changes of the entry that had ended by then
  std::vector<Dates> dates = {};
  bool operator==(Certificates const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Certificates, (), (learned, listed, renewal_start, ended, dates))

// txt: a record in DNS. file: below a web server's folder.
BOOST_DEFINE_ENUM_CLASS(Medium, txt, file)

/// A value that a CA looks for, at the place where a publisher puts it: it may be there from the moment of its record
/// on, and is to be taken away when nobody needs it any more. It outlives its enrollment's entry.
struct Publication {
  static constexpr std::size_t always_written = 11;
  std::string name = {};  ///< the enrollment's
  std::string account = {};
  std::string contract = {};
  std::int64_t id = 0;      ///< the enrollment's at CPS
  std::int64_t change = 0;  ///< that it is for
  std::string publisher = {};
  std::string domain = {};  ///< the host name that is validated
  Medium medium = Medium::txt;
  std::string at = {};      ///< of txt: the record's name as the CA asks for it, with its last dot; of file: the URL
  std::string target = {};  ///< of txt: where its CNAMEs end; of file: empty
  std::string value = {};
  std::string zone = {};       ///< of txt: that the target lies in
  std::string reference = {};  ///< what an `exec` publisher answered
  bool operator==(Publication const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Publication, (),
                      (name, account, contract, id, change, publisher, domain, medium, at, target, value, zone,
                       reference))

/// Do two stand for the same value at the same place? Then it stays while either is needed.
inline bool same_place(Publication const& a, Publication const& b) {
  return a.publisher == b.publisher && a.medium == b.medium && a.target == b.target && a.value == b.value &&
         (a.medium == Medium::txt || a.at == b.at);
}

/// One enrollment that we created or adopted.
struct Entry {
  static constexpr std::size_t always_written = 14;  // the rest where there is something to say
  std::string name = {};                             ///< manifest name
  std::string account = {};                          ///< account switch key; empty: the credential's own account
  std::string contract = {};
  std::int64_t id = 0;      ///< CPS's enrollment id
  std::string source = {};  ///< the manifest's path, for the scope of orphans
  std::string api_schema = {};
  std::string common_name = {};
  json::Ref last_applied = {};  ///< the desired document of the last successful write or adoption
  json::Ref lifecycle = {};     ///< the policy in force, as the module manifest writes it
  std::map<std::string, std::string> labels = {};
  std::string written = {};                     ///< RFC 3339: when CPS answered cpsctl's last write, or of an adoption
  std::vector<std::string> open_steps = {};     ///< deferred fields that a create still owes, as JSON pointers
  std::vector<std::int64_t> changes = {};       ///< CPS's changes that our last write started: they are ours
  std::vector<std::int64_t> removal = {};       ///< CPS's changes that carry out our delete
  std::vector<Watch> watches = {};              ///< its pending changes, as far as they were looked at
  std::vector<std::string> removed_names = {};  ///< host names that our last write took out of the certificate
  DeployDays deploy = {};                       ///< when what is applied may be deployed
  Certificates certificates = {};
};
BOOST_DESCRIBE_STRUCT(Entry, (),
                      (name, account, contract, id, source, api_schema, common_name, last_applied, lifecycle, labels,
                       written, open_steps, changes, removal, watches, removed_names, deploy, certificates))

/// Who lets a run write: a person at a machine, or a pipeline. It is what they say of themselves: no proof.
struct Author {
  std::string user = {};
  std::string host = {};
  std::string job = {};  ///< the page of a pipeline's job, or what the CI system is called; empty: no pipeline
};
BOOST_DESCRIBE_STRUCT(Author, (), (user, host, job))

// done puts the intent's entry, with this id and these changes, or the record's own.
// stored puts an entry (and takes away the one of the record's name, if it is another: a move); dropped takes one away,
// and closes what was to become of it.
// A cancel gives up one pending change (`pending_changes`), and done only closes it. With an entry: the enrollment was
// never deployed, and goes with it.
// A schedule sets the dates of one pending change; done brings the intent's entry, and what was begun stays ours.
// An answer (`input`, `digest`) is given to one; done notes that with the entry of its name.
// watched: what of the entry's pending changes was seen, or what it serves; nothing that the history tells.
// published: these values are about to be put where their CA looks; withdrawn: they are gone from there. Neither is
// told by the history: CPS does not see it.
// conflict: CPS answered a create with 409, which may mean "not now" or "it is there already"; the intent stays open.
// lost: the attempt is over, and nobody knows what became of it; the intent stays open.
BOOST_DEFINE_ENUM_CLASS(Phase, intent, done, refused, stored, dropped, conflict, lost, watched, published, withdrawn)
BOOST_DEFINE_ENUM_CLASS(WriteKind, create, update, delete_, cancel, answer, schedule)

/// One line of the journal.
struct Record {
  static constexpr std::size_t always_written = 17;
  std::int64_t sequence = 0;
  Phase phase = Phase::intent;
  std::int64_t intent = 0;  ///< of all but intent and stored: the intent's sequence; 0: none
  WriteKind step = WriteKind::create;
  std::string name = {};
  std::string at = {};                       ///< RFC 3339, UTC
  std::string ends_by = {};                  ///< of intent: the attempt has ended then, whatever became of the process
  std::string run = {};                      ///< the run's id
  Author by = {};                            ///< older versions do not say
  std::string digest = {};                   ///< SHA-256 of the body; of an answer: of what is answered
  std::vector<std::int64_t> known_ids = {};  ///< enrollments with that CN before the write
  std::vector<std::int64_t> pending_changes = {};  ///< pending change ids before the write
  std::int64_t enrollment = 0;                     ///< of done: CPS's id
  std::vector<std::int64_t> changes = {};          ///< of done: change ids that CPS returned
  std::string reason = {};                         ///< of refused, conflict, and of an intent that met a conflict
  std::string lost = {};                           ///< of lost, and of such an intent: how its answer was lost
  std::shared_ptr<Entry const> entry = {};  ///< of intent, stored, and a done without intent: what the state will hold
  std::string input = {};                   ///< of an answer: the last segment of the input's `update` path
  std::string said = {};                    ///< of an answer and a schedule: what it is, for the history
  std::vector<Watch> watches = {};          ///< of watched
  std::optional<Certificates> certificates = {};  ///< of watched; nothing: as they were
  std::vector<Publication> publications = {};     ///< of published and withdrawn
};
BOOST_DESCRIBE_STRUCT(Record, (),
                      (sequence, phase, intent, step, name, at, ends_by, run, by, digest, known_ids, pending_changes,
                       enrollment, changes, reason, lost, entry, input, said, watches, certificates, publications))

// removing: CPS was told to; removed: it did. recorded: nothing but the state changed, such as the policy in it.
// rescheduled: a pending change has other dates. refused: CPS did not do it, or it was found out that it had not.
// conflict and lost as in Phase.
BOOST_DEFINE_ENUM_CLASS(Happened, created, updated, removing, removed, cancelled, answered, rescheduled, adopted,
                        recorded, renamed, forgotten, refused, conflict, lost)

/// One line of the history: what became of an enrollment in the state, and who did it. A record without the documents.
struct Event {
  std::int64_t sequence = 0;
  std::string at = {};
  Happened what = Happened::recorded;
  std::string name = {};
  std::string old_name = {};           ///< of renamed
  WriteKind step = WriteKind::create;  ///< of refused, conflict and lost: the write that it was
  std::int64_t enrollment = 0;
  std::vector<std::int64_t> changes = {};
  std::string reason = {};
  std::string run = {};
  Author by = {};
};
BOOST_DESCRIBE_STRUCT(Event, (), (sequence, at, what, name, old_name, step, enrollment, changes, reason, run, by))

/// Serials and sequences grow by one: larger ones were not counted, and no further one could be told from the last by
/// a reader of JSON.
inline constexpr std::int64_t largest_counter = std::int64_t{1} << 53;

inline bool is_counter(std::int64_t number) {
  return number >= 0 && number < largest_counter;
}

/// Of snapshot and journal. 2: authors and history. 3: pending changes and answers. 4: publications.
inline constexpr std::int64_t newest_format = 4;

/// The snapshot file.
struct Snapshot {
  std::int64_t format_version = newest_format;
  std::string realm = {};                 ///< "akamai", "sandbox" (realm.hpp); older versions: the host
  std::string host = {};                  ///< that was last talked to, for people
  std::int64_t serial = 0;                ///< grows with each snapshot; the journal names the serial it follows
  std::int64_t sequence = 0;              ///< last journal record that the snapshot contains
  std::vector<Entry> enrollments = {};    ///< sorted by name
  std::vector<Record> open_intents = {};  ///< doubts, oldest first; older versions leave them to the journal alone
  std::vector<Event> history = {};        ///< oldest first
  std::vector<Publication> publications = {};
};
BOOST_DESCRIBE_STRUCT(Snapshot, (),
                      (format_version, realm, host, serial, sequence, enrollments, open_intents, history, publications))

/// The journal's first line. Absent members: an older version wrote it.
struct JournalHead {
  std::int64_t format_version = newest_format;
  std::string realm = {};
  std::int64_t serial = 0;    ///< of the snapshot that the journal follows; 0: it follows none, or does not say
  std::int64_t sequence = 0;  ///< last record of the journals before it: no number is used twice
};
BOOST_DESCRIBE_STRUCT(JournalHead, (), (format_version, realm, serial, sequence))

}  // namespace cpsctl::state
