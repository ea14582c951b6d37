#pragma once
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

/// What was done with an enrollment before (cps-api.md §5.5). No sockets here. Times are texts as CPS wrote them; texts
/// that CPS left out or gave as null are empty.
namespace cpsctl::cps {

struct HistoryCertificate {
  std::string certificate = {};
  std::string trust_chain = {};
  std::string csr = {};
  std::string key_algorithm = {};
};
BOOST_DESCRIBE_STRUCT(HistoryCertificate, (), (certificate, trust_chain, csr, key_algorithm))

/// What the CA calls the order of a change.
struct OrderDetails {
  std::string order_id = {};
};
BOOST_DESCRIBE_STRUCT(OrderDetails, (), (order_id))

/// One element of change-history.v5. It names no change id: time and action tell which change it was.
struct HistoryChange {
  std::string action = {};  ///< "new-certificate", "renew" …
  std::string action_description = {};
  std::string status = {};  ///< "incomplete", "cancelled", "completed"
  std::string created_by = {};
  std::string created_on = {};
  std::string last_updated = {};
  std::string ra = {};
  std::optional<HistoryCertificate> primary_certificate = {};
  std::vector<HistoryCertificate> multi_stacked_certificates = {};
  std::optional<OrderDetails> primary_certificate_order_details = {};
};
BOOST_DESCRIBE_STRUCT(HistoryChange, (),
                      (action, action_description, status, created_by, created_on, last_updated, ra,
                       primary_certificate, multi_stacked_certificates, primary_certificate_order_details))

/// Newest first. Errors: protocol, naming the field.
Result<std::vector<HistoryChange>> change_history_from(std::string_view text);

}  // namespace cpsctl::cps
