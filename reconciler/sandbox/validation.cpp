#include "sandbox/validation.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cpsctl::sandbox {
namespace {

/// Akamai answers http-01 for names whose traffic it has, so not for wildcards (facts-2026.md A14).
bool validates_alone(std::string_view name, Behaviour const& behaviour) {
  return !name.starts_with("*.") && std::ranges::any_of(behaviour.at_akamai, [name](std::string const& pattern) {
    return text::glob_matches(text::lower(pattern), text::lower(name));
  });
}

NameProof& proof_of(Change& change, std::string const& name) {
  auto const known = std::ranges::find(change.proofs, name, &NameProof::name);
  if (known != change.proofs.end()) return *known;
  change.proofs.push_back({.name = name});
  return change.proofs.back();
}

void enter(Change& change, std::string const& name, Authorization const& set, Found found, WallTime now) {
  NameProof& proof = proof_of(change, name);
  proof.lapses = set.lapses;
  proof.since = timestamp(set.requested);
  proof.validated = found == Found::token ? timestamp(now) : "";
  proof.found = found;
}

std::vector<std::string> names_of(Enrollment const& enrollment, Change const& change) {
  Order const* const order = order_of(enrollment, change.id);
  return order != nullptr ? sandbox::names_of(*order) : std::vector<std::string>();
}

/// What a look has found of a name with these tokens; nothing: it did not look for them.
std::optional<Found> found_of(std::string const& name, DnsToken const& token, std::vector<Sight> const& sights,
                              Behaviour const& behaviour) {
  if (validates_alone(name, behaviour)) return Found::token;
  for (Sight const& sight : sights)
    if (sight.probe.name == name && sight.probe.dns.value == token.value) return sight.found;
  return std::nullopt;
}

}  // namespace

bool is_looked_for(Change const& change, Behaviour const& behaviour) {
  return behaviour.tokens == Tokens::checked && awaited(change) == Input::challenges;
}

std::optional<WallTime> next_look(Change const& change, Behaviour const& behaviour) {
  if (!is_looked_for(change, behaviour)) return std::nullopt;
  auto const last = parse_timestamp(change.looked.empty() ? change.since : change.looked);
  if (!last) return std::nullopt;
  return change.look_asked ? *last : *last + behaviour.look_every;
}

std::vector<Probe> probes_of(Enrollment const& enrollment, Change const& change, Behaviour const& behaviour,
                             WallTime now) {
  std::vector<Probe> probes;
  for (std::string const& name : names_of(enrollment, change)) {
    Authorization const set = authorization_of(change, name, behaviour, now);
    if (set.validated || set.expired(now) || validates_alone(name, behaviour)) continue;
    probes.push_back({.enrollment = enrollment.id,
                      .change = change.id,
                      .name = name,
                      .dns = dns_token(set, name, enrollment.account),
                      .http = http_token(set, name, enrollment.account)});
  }
  return probes;
}

bool take_sights(Enrollment const& enrollment, Change& change, std::vector<Sight> const& sights,
                 Behaviour const& behaviour, WallTime now) {
  change.looked = timestamp(now);
  change.look_asked = false;
  std::size_t validated = 0;
  bool all = true;
  for (std::string const& name : names_of(enrollment, change)) {
    Authorization const set = authorization_of(change, name, behaviour, now);
    if (set.validated) continue;
    auto found =
        set.expired(now) ? std::nullopt : found_of(name, dns_token(set, name, enrollment.account), sights, behaviour);
    if (found == Found::token && behaviour.names_per_look > 0 && ++validated > behaviour.names_per_look)
      found = Found::ready;
    if (found) enter(change, name, set, *found, now);
    all = all && found == Found::token;
  }
  return all;
}

}  // namespace cpsctl::sandbox
