#include "cps/deployments.hpp"

#include "base/text.hpp"
#include "cps/reading.hpp"

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

struct WireCsr {
  std::string cn = {};
};
BOOST_DESCRIBE_STRUCT(WireCsr, (), (cn))

struct WireActive {
  json::Ref id = {};
  std::string location = {};
  WireCsr csr = {};
  std::vector<std::int64_t> production_slots = {};
  std::optional<Deployment> production = {};
  std::optional<Deployment> staging = {};
};
BOOST_DESCRIBE_STRUCT(WireActive, (), (id, location, csr, production_slots, production, staging))

struct WireActives {
  std::vector<WireActive> enrollments = {};
};
BOOST_DESCRIBE_STRUCT(WireActives, (), (enrollments))

}  // namespace

Result<Deployments> deployments_from(std::string_view text) {
  return read_text_as<Deployments>(text, "deployments");
}

Result<std::vector<ActiveCertificates>> active_certificates_from(std::string_view text) {
  CPS_TRY(WireActives wire, read_list<WireActives>(text, "enrollments", "active certificates"));
  std::vector<ActiveCertificates> all;
  for (WireActive& one : wire.enrollments) {
    auto const id = one.id ? id_of(*one.id) : id_from_path(one.location);
    if (!id)
      return unreadable(fmt::format("active certificates ({}) without a usable id", text::excerpt(one.csr.cn, 100)));
    all.push_back({.enrollment = {*id},
                   .common_name = std::move(one.csr.cn),
                   .production_slots = std::move(one.production_slots),
                   .deployed = {.production = std::move(one.production), .staging = std::move(one.staging)}});
  }
  return all;
}

}  // namespace cpsctl::cps
