#include "lifecycle/decide.hpp"

#include "lifecycle/cases.hpp"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::lifecycle;
using namespace cpsctl::lifecycle::test;
using cps::ChangeState;
using cps::InputKind;

namespace {

std::vector<std::optional<InputKind>> kinds() {
  return {InputKind::pre_verification_warnings,  InputKind::domain_validation, InputKind::third_party_certificate,
          InputKind::post_verification_warnings, InputKind::change_management, std::nullopt};
}
constexpr Owner owners[] = {Owner::ours, Owner::cps, Owner::other};

struct Named {
  char const* name;
  Policy policy;
};
std::vector<Named> policies() {
  Policy held = willing(), orphan = willing(), removal = willing();
  held.lifecycle.hold = "the fair";
  orphan.standing = Standing::orphan;
  removal.standing = Standing::removal;
  return {{"silent", {}}, {"willing", willing()}, {"held", held}, {"orphan", orphan}, {"removal", removal}};
}

std::string joined(std::vector<std::string> const& lines) {
  return fmt::format("{}", fmt::join(lines, "; "));
}

Missing missing(Seen const& seen, Policy const& policy, Owner owner = Owner::ours) {
  Next const next = decide(seen, owner, policy, now());
  REQUIRE(std::holds_alternative<Missing>(next.due));
  return std::get<Missing>(next.due);
}

}  // namespace

TEST_CASE("decide: each state, input, owner and policy") {
  // Of a change that awaits the input: what is due of ours, of CPS's, of another party's.
  struct Row {
    std::string policy, ours, cps, other;
  };
  auto const by_hand = [](std::string policy) { return Row{std::move(policy), "missing", "missing", "missing"}; };
  auto const answered = [&](std::string const& answer) {
    return std::vector<Row>{by_hand("silent"),
                            {"willing", answer, answer, "missing"},
                            {"held", "waits person", "waits person", "missing"},
                            by_hand("orphan"),
                            by_hand("removal")};
  };
  std::vector<Row> const never{by_hand("silent"), by_hand("willing"), by_hand("held"), by_hand("orphan"),
                               by_hand("removal")};
  auto const rows_of = [&](std::optional<InputKind> kind) -> std::vector<Row> {
    if (!kind) return never;
    switch (*kind) {
      case InputKind::pre_verification_warnings:
      case InputKind::post_verification_warnings: return answered("acknowledges");
      case InputKind::domain_validation: return never;
      case InputKind::third_party_certificate: return answered("uploads");
      case InputKind::change_management: return answered("approves");
    }
    return never;
  };
  std::vector<std::pair<std::optional<ChangeState>, std::string>> const without_input{
      {ChangeState::new_, "waits cps"}, {ChangeState::running, "waits cps"},  {ChangeState::suspended, "dead end"},
      {ChangeState::error, "dead end"}, {ChangeState::cancelled, "dead end"}, {ChangeState::completed, "ended"},
      {std::nullopt, "waits cps"}};
  int seen_cases = 0;
  for (auto const& kind : kinds())
    for (Named const& named : policies())
      for (Owner const owner : owners) {
        std::string const title =
            fmt::format("{} {} {}", kind ? fields::word(*kind) : "unknown", named.name, fields::word(owner));
        CAPTURE(title);
        Seen seen = waiting(kind);
        auto const rows = rows_of(kind);
        auto const row = std::ranges::find(rows, named.name, &Row::policy);
        REQUIRE(row != rows.end());
        std::string const& wanted = owner == Owner::ours ? row->ours : owner == Owner::cps ? row->cps : row->other;
        CHECK(word(decide(seen, owner, named.policy, now()).due) == wanted);
        for (auto const& [state, due] : without_input) {
          seen.change.state = state;
          bool const validates = state == ChangeState::suspended && kind == InputKind::domain_validation;
          CHECK(word(decide(seen, owner, named.policy, now()).due) == (validates ? "waits person" : due));
        }
        ++seen_cases;
      }
  CHECK(seen_cases == 6 * 5 * 3);
}

TEST_CASE("decide: the status is for people; a change that awaits an input and shows none is waited for") {
  Seen seen = waiting(InputKind::change_management);
  seen.change.inputs.clear();
  CHECK(word(decide(seen, Owner::ours, willing(), now()).due) == "waits cps");
  seen = waiting(InputKind::change_management);
  seen.change.state = ChangeState::running;
  seen.change.status = "wait-ack-change-management";
  auto const next = decide(seen, Owner::ours, willing(), now());
  CHECK(word(next.due) == "waits cps");
  CHECK(std::get<Waits>(next.due).what.find("wait-ack-change-management") != std::string::npos);
  seen.change.status = "check-for-cert";
  CHECK(word(decide(seen, Owner::ours, willing(), now()).due) == "waits ca");
}

TEST_CASE("decide: what is required comes first, and its information is read first") {
  Seen seen = waiting(InputKind::third_party_certificate);
  seen.change.inputs = {input(InputKind::third_party_certificate, false, "third"),
                        input(InputKind::pre_verification_warnings, true, "pre"),
                        input(InputKind::post_verification_warnings, true, "post")};
  seen.info = NotRead();
  auto const next = decide(seen, Owner::ours, willing(), now());
  REQUIRE(word(next.due) == "reads");
  CHECK(std::get<Reads>(next.due).input.update == "pre");
  CHECK(next.look_after == Duration());
  seen.change.inputs[1].required = seen.change.inputs[2].required = false;
  CHECK(std::get<Reads>(decide(seen, Owner::ours, willing(), now()).due).input.update == "third");
  // What was read of another input answers nothing.
  seen.info = info_of(InputKind::change_management);
  CHECK(word(decide(seen, Owner::ours, willing(), now()).due) == "reads");
}

TEST_CASE("decide: information that is gone, and an answer that CPS still shows, are waited for and never a failure") {
  Seen seen = waiting(InputKind::pre_verification_warnings);
  seen.info = Gone();
  CHECK(word(decide(seen, Owner::ours, willing(), now()).due) == "waits cps");
  seen = waiting(InputKind::pre_verification_warnings);
  std::string const digest = answer_digest(std::get<cps::InputInfo>(seen.info));
  auto const after = [&](Given given) {
    seen.given = std::move(given);
    return word(decide(seen, Owner::ours, willing(), now()).due);
  };
  CHECK(after({.update = "x-ack", .digest = digest, .looks = 0}) == "waits cps");
  CHECK(after({.update = "x-ack", .digest = digest, .looks = 2}) == "waits cps");
  CHECK(after({.update = "x-ack", .digest = digest, .looks = 3}) == "acknowledges");
  CHECK(after({.update = "x-ack", .digest = "sha256:other"}) == "acknowledges");
  CHECK(after({.update = "y-ack", .digest = digest}) == "acknowledges");
}

TEST_CASE("decide: the same certificates are not uploaded twice while CPS shows the same CSRs") {
  Seen seen = waiting(InputKind::third_party_certificate);
  seen.given = Given{.update = "x-ack", .digest = answer_digest(std::get<cps::InputInfo>(seen.info)), .looks = 2};
  CHECK(word(decide(seen, Owner::ours, willing(), now()).due) == "waits cps");
  seen.given->looks = 3;
  CHECK(joined(missing(seen, willing()).because) ==
        "certificates for these CSRs were uploaded already, and CPS still asks");
  seen.info = cps::InputInfo(cps::Csrs{.csrs = {{.csr = "new", .key_algorithm = "RSA"}}});
  CHECK(word(decide(seen, Owner::ours, willing(), now()).due) == "uploads");
}

TEST_CASE("decide: names may validate by themselves, so they are looked at soon; a person is given an hour") {
  CHECK(decide(waiting(InputKind::domain_validation), Owner::ours, willing(), now()).look_after ==
        std::chrono::seconds(30));
  CHECK(decide(waiting(InputKind::pre_verification_warnings), Owner::ours, {}, now()).look_after ==
        std::chrono::hours(1));
}

TEST_CASE("decide: dead ends say CPS's words and the next step") {
  Seen seen = waiting(InputKind::pre_verification_warnings);
  seen.change.state = ChangeState::error;
  seen.change.error = cps::ChangeError{.code = "E7", .description = "the CA\x1b[31m refused"};
  auto const failed = std::get<DeadEnd>(decide(seen, Owner::ours, willing(), now()).due);
  CHECK(failed.words == "the CA\\x1b[31m refused (E7)");
  CHECK(failed.next.find("cpsctl cancel www") != std::string::npos);
  seen.change.state = ChangeState::cancelled;
  seen.change.error.reset();
  seen.change.description = "Cancelled by somebody";
  auto const cancelled = std::get<DeadEnd>(decide(seen, Owner::ours, willing(), now()).due);
  CHECK(cancelled.words == "Cancelled by somebody");
  CHECK(cancelled.next.starts_with("plan again"));
  seen.change.state.reset();
  seen.change.state_text = "paused";
  CHECK(joined(decide(seen, Owner::ours, willing(), now()).notes) ==
        "CPS says a state that cpsctl does not know: paused");
}

TEST_CASE("decide: warnings are acknowledged all or none, with what they were") {
  Seen seen = waiting(InputKind::post_verification_warnings);
  auto const done = std::get<Acknowledges>(decide(seen, Owner::ours, willing(), now()).due);
  CHECK(done.entries == read_warnings(harmless));
  CHECK(done.input.update == "x-ack");
  seen.info = cps::InputInfo(cps::WarningsText{.warnings = fmt::format("{}\n{}", harmless, harmful)});
  auto const left = missing(seen, willing());
  REQUIRE(left.unanswered.size() == 1);
  CHECK(joined(left.commands) == "cpsctl ack www");
  CHECK(left.yaml == fmt::format("acknowledge:\n- {{ warning: CERTIFICATE_EXPIRED, text: \"{}\", reason: \"\", until: "
                                 "2027-02-27 }}\n",
                                 left.unanswered[0].digest));
  // What cpsctl does not know has no answer in git.
  seen.info = cps::InputInfo(cps::WarningsText{.warnings = fmt::format("{}\nYour house is on fire", harmless)});
  auto const unknown = missing(seen, willing());
  CHECK(unknown.yaml.empty());
  CHECK(joined(unknown.because) == "a warning that cpsctl does not know is answered by hand alone");
  // No text is nothing to agree to.
  seen.info = cps::InputInfo(cps::WarningsText{.warnings = " \n"});
  CHECK(joined(missing(seen, willing()).because) == "CPS does not show their text");
}

TEST_CASE("decide: another party's change, an orphan and a removal are answered by hand, and no YAML would do") {
  Seen const seen = waiting(InputKind::pre_verification_warnings);
  auto const foreign = missing(seen, willing(), Owner::other);
  CHECK(joined(foreign.because) ==
        "the manifest does not answer another party's changes: leave it to them, or answer by hand");
  CHECK(joined(foreign.commands) == "cpsctl ack www");
  CHECK(foreign.yaml.empty());
  Policy removal = willing();
  removal.standing = Standing::removal;
  CHECK(missing(seen, removal).because.at(0) == "a removal is answered by a person");
  CHECK(missing(seen, removal).yaml.empty());
}

TEST_CASE("decide: validation is due while a challenge is pending") {
  Seen seen = waiting(InputKind::domain_validation);
  auto const left = missing(seen, willing());
  CHECK(left.what == "the validation of 1 name: www.example.com");
  CHECK(joined(left.commands) == "cpsctl challenges www; publish what it prints, and cpsctl ack www");
  auto const with = [&](std::vector<cps::DomainValidation> dv) {
    seen.info = cps::InputInfo(cps::Challenges{.dv = std::move(dv)});
    return word(decide(seen, Owner::ours, willing(), now()).due);
  };
  cps::DomainValidation const done{.domain = "a.example.com", .validation_status = "VALIDATED"};
  cps::DomainValidation const early{.domain = "b.example.com", .status = "Preparing"};
  cps::DomainValidation const open{.domain = "c.example.com", .challenges = {{.status = "pending"}}};
  CHECK(with({}) == "waits cps");
  CHECK(with({early}) == "waits cps");
  CHECK(with({done}) == "waits ca");
  CHECK(with({done, early}) == "waits cps");
  CHECK(with({done, early, open}) == "missing");
  cps::DomainValidation expired = open;
  expired.validation_status = "EXPIRED";
  CHECK(with({done, expired}) == "waits cps");
}

TEST_CASE("decide: the wanted algorithms are uploaded, all or none") {
  Seen seen = waiting(InputKind::third_party_certificate);
  Policy policy = willing();
  auto const keys = [&] {
    auto const due = decide(seen, Owner::ours, policy, now()).due;
    std::string said = word(due);
    if (auto const* const uploads = std::get_if<Uploads>(&due))
      for (cps::Csr const& one : uploads->csrs) said += " " + one.csr;
    return said;
  };
  CHECK(keys() == "uploads R");  // two CSRs although one is wanted (facts-2026.md A17b)
  policy.multi_stacked = true;
  CHECK(keys() == "uploads R E");
  policy.lifecycle.certificate.key_algorithms = {"ECDSA"};
  CHECK(keys() == "uploads E");
  seen.info = cps::InputInfo(cps::Csrs{.csrs = {{.csr = "R", .key_algorithm = "RSA"}}});
  CHECK(missing(seen, policy).because.at(0) == "the policy wants ECDSA, and CPS has no CSR for that");
  seen.info = cps::InputInfo(cps::Csrs{.csrs = {{.csr = "old"}}});
  CHECK(keys() == "uploads old");
  policy.lifecycle.certificate.key_algorithms = {"RSA", "ECDSA"};
  CHECK(keys() == "missing");
  policy.lifecycle.certificate = {.files = {"certs/www.pem"}};
  policy.multi_stacked = false;
  CHECK(keys() == "uploads old");
  policy.lifecycle.certificate = {};
  auto const left = missing(seen, policy);
  CHECK(joined(left.commands) == "cpsctl csr www; cpsctl upload www FILE");
  CHECK(left.yaml == "certificate: { files: [FILE] }\n");
}

TEST_CASE("decide: what is on staging is approved as it was seen, and only if nothing speaks against it") {
  Seen seen = waiting(InputKind::change_management);
  Policy policy = willing();
  auto const approved = std::get<Approves>(decide(seen, Owner::cps, policy, now()).due);
  CHECK(approved.validation_result_hash == "da39");
  CHECK(approved.fingerprint == "sha256:f1");
  auto const with = [&](auto const& change) {
    Seen other = seen;
    auto shown = pending();
    change(other, shown);
    other.info = cps::InputInfo(shown);
    return joined(missing(other, policy).because);
  };
  CHECK(with([](Seen&, auto& shown) { shown.errors = {{.message = "bad chain"}}; }) ==
        "CPS's validation failed: bad chain");
  CHECK(with([](Seen&, auto& shown) {
          shown.warnings = {{.message = harmful}};
        }).starts_with("CERTIFICATE_EXPIRED is not answered"));
  CHECK(with([](Seen&, auto& shown) {
          shown.warnings = {{.message = "", .message_code = "no-code"}};
        }).starts_with("a warning that cpsctl does not know"));
  CHECK(with([](Seen& other, auto&) { other.differences = {"sniOnly would be false"}; }) ==
        "it is not what the manifest wants: sniOnly would be false");
  CHECK(with([](Seen& other, auto&) { other.differences.reset(); }) ==
        "what would go live was not compared with the manifest");
  CHECK(with([](Seen&, auto& shown) {
          shown.certificates.clear();
          shown.network = nullptr;
        }) == "CPS does not show what would go live");
  auto allowed = pending();
  allowed.warnings = {{.message = harmless}};
  seen.info = cps::InputInfo(allowed);
  CHECK(word(decide(seen, Owner::ours, policy, now()).due) == "approves");
}

TEST_CASE("decide: by hand an approval names the fingerprint, and failed validation is given up") {
  Seen seen = waiting(InputKind::change_management);
  seen.differences.reset();
  auto const manual = missing(seen, {});
  CHECK(joined(manual.because) == "promotion is manual");
  CHECK(joined(manual.commands) == "cpsctl ack www --fingerprint sha256:f1");
  CHECK(manual.yaml == "promotion: auto\n");
  auto failed = pending();
  failed.errors = {{.message = "bad chain"}};
  seen.info = cps::InputInfo(failed);
  CHECK(joined(missing(seen, {}).commands) == "cpsctl cancel www");
  CHECK(missing(seen, {}).yaml.empty());
}

TEST_CASE("decide: a promotion after some time counts from when staging was first seen") {
  Seen seen = waiting(InputKind::change_management);
  Policy policy = willing();
  policy.lifecycle.promotion = {.mode = manifest::PromotionMode::after, .after = std::chrono::hours(2)};
  auto const after = [&](std::optional<Duration> staged) {
    seen.staging_since = staged ? std::optional(now() - *staged) : std::nullopt;
    return decide(seen, Owner::ours, policy, now());
  };
  CHECK(word(after({}).due) == "waits policy");
  auto const soon = after(std::chrono::minutes(119));
  CHECK(word(soon.due) == "waits policy");
  CHECK(std::get<Waits>(soon.due).until == now() + std::chrono::minutes(1));
  CHECK(soon.look_after <= std::chrono::minutes(1));
  CHECK(word(after(std::chrono::hours(2)).due) == "approves");
  seen.differences = {"x"};
  CHECK(word(after(std::chrono::minutes(1)).due) == "missing");  // said at once, not after two hours
}

TEST_CASE("decide: who misses an approval is told what CPS does by itself, and when") {
  Seen seen = waiting(InputKind::change_management);
  seen.live_expires = parse_timestamp("2026-12-20T00:00:00Z").value();
  CHECK(joined(decide(seen, Owner::ours, {}, now()).notes) ==
        "CPS deploys it without an approval on 2026-12-13T00:00:00Z");
  auto with_deadline = pending();
  with_deadline.acknowledgement_deadline = "2026-12-10T00:00:00Z";
  seen.info = cps::InputInfo(with_deadline);
  CHECK(joined(decide(seen, Owner::ours, {}, now()).notes) ==
        "CPS deploys it without an approval on 2026-12-10T00:00:00Z");
  seen.change.schedule.not_before = "2026-12-18T00:00:00Z";
  CHECK(joined(decide(seen, Owner::ours, {}, now()).notes) ==
        "a deployment date is set: without an approval the live certificate ends on 2026-12-20");
  CHECK(decide(seen, Owner::ours, willing(), now()).notes.empty());
}

TEST_CASE("decide: a hold stops answers, but not a renewal whose live certificate ends soon") {
  Seen seen = waiting(InputKind::pre_verification_warnings);
  Policy policy = willing();
  policy.lifecycle.hold = "the fair";
  CHECK(std::get<Waits>(decide(seen, Owner::cps, policy, now()).due).what == "the enrollment is on hold: the fair");
  CHECK(std::get<Waits>(decide(seen, Owner::cps, policy, now()).due).next ==
        "take hold out of spec.lifecycle once it may go on");
  seen.type = "renewal";
  seen.live_expires = now() + std::chrono::days(15);
  CHECK(word(decide(seen, Owner::cps, policy, now()).due) == "waits person");
  seen.live_expires = now() + std::chrono::days(14);
  auto const urgent = decide(seen, Owner::cps, policy, now());
  CHECK(word(urgent.due) == "acknowledges");
  CHECK(joined(urgent.notes).find("its renewal goes on") != std::string::npos);
  seen.type = "modify-san";
  CHECK(word(decide(seen, Owner::ours, policy, now()).due) == "waits person");
}

TEST_CASE("property: nothing is answered that does not await it, nor by somebody who may not") {
  std::mt19937 random(20261129);
  auto const one_of = [&]<class T>(std::vector<T> const& all) -> T const& { return all[random() % all.size()]; };
  auto const all_policies = policies();
  std::vector<std::optional<ChangeState>> const states{
      ChangeState::new_,           ChangeState::running,   ChangeState::awaiting_input,
      ChangeState::awaiting_input, ChangeState::suspended, ChangeState::error,
      ChangeState::cancelled,      ChangeState::completed, std::nullopt};
  int answers = 0;
  for (int i = 0; i < 20'000; ++i) {
    CAPTURE(i);
    Seen seen = waiting(std::nullopt);
    seen.change.state = one_of(states);
    seen.change.inputs.clear();
    for (std::size_t n = random() % 4; n > 0; --n)
      seen.change.inputs.push_back(input(one_of(kinds()), random() % 2 == 0, fmt::format("ack-{}", n)));
    // Mostly what the input is about, sometimes what another one is about, sometimes nothing.
    cps::Input const* const asked = input_of(seen.change);
    auto const kind = asked != nullptr && random() % 4 != 0 ? asked->kind : one_of(kinds());
    if (kind && random() % 8 != 0) seen.info = info_of(*kind);
    if (random() % 4 == 0) seen.differences.reset();
    if (random() % 4 == 0) seen.type = "renewal";
    if (random() % 4 == 0) seen.live_expires = now() + std::chrono::days(random() % 40);
    Owner const owner = owners[random() % 3];
    Policy const policy = random() % 2 == 0 ? willing() : one_of(all_policies).policy;
    Next const next = decide(seen, owner, policy, now());
    CHECK(next.look_after <= std::chrono::hours(1));
    if (!is_answer(next.due)) continue;
    ++answers;
    CHECK(seen.change.state == ChangeState::awaiting_input);
    CHECK(owner != Owner::other);
    CHECK(policy.standing == Standing::manifest);
    CHECK((policy.lifecycle.hold.empty() || (seen.type == "renewal" && !next.notes.empty())));
    auto const& chosen = std::holds_alternative<Acknowledges>(next.due) ? std::get<Acknowledges>(next.due).input
                         : std::holds_alternative<Uploads>(next.due)    ? std::get<Uploads>(next.due).input
                                                                        : std::get<Approves>(next.due).input;
    auto const found = std::ranges::find(seen.change.inputs, chosen);
    REQUIRE(found != seen.change.inputs.end());
    CHECK(found->kind.has_value());
    bool const required = std::ranges::count(seen.change.inputs, true, &cps::Input::required) > 0;
    CHECK(found->required == required);
    CHECK(std::holds_alternative<Uploads>(next.due) == (found->kind == InputKind::third_party_certificate));
    CHECK(std::holds_alternative<Approves>(next.due) == (found->kind == InputKind::change_management));
    CHECK(found->kind != InputKind::domain_validation);
  }
  CHECK(answers > 300);
}
