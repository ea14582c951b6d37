#pragma once
#include "hooks/request.hpp"
#include "hooks/runner.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

/// Tokens to a publisher that a project names, and away again.
namespace cpsctl::hooks {

BOOST_DEFINE_ENUM_CLASS(PublishOperation, publish, withdraw)

/// A TXT record. Names are absolute, with their last dot.
struct PublishedRecord {
  std::string domain = {};
  std::string type = "TXT";
  std::string name = {};                 ///< as the CA asks for it
  std::string target = {};               ///< after following CNAMEs
  std::optional<std::string> zone = {};  ///< nothing: not known
  std::string value = {};
  int ttl = 120;
};
BOOST_DESCRIBE_STRUCT(PublishedRecord, (), (domain, type, name, target, zone, value, ttl))

/// A file of http-01.
struct PublishedFile {
  std::string domain = {};
  std::string url = {};
  std::string path = {};  ///< of the URL
  std::string body = {};
};
BOOST_DESCRIBE_STRUCT(PublishedFile, (), (domain, url, path, body))

struct PublishRequest {
  Subject subject = {};
  std::vector<PublishedRecord> records = {};
  std::vector<PublishedFile> files = {};
};

/// What it says it has done: nobody has looked yet.
struct TookOver {
  std::string reference = {};          ///< for the withdrawal; printable, may be empty
  std::vector<std::string> left = {};  ///< of publish: names and URLs that it could not bring to their place
};

using PublishOutcome = std::variant<TookOver, Later, Failed>;

/// What the publisher is told.
Request publish_request(PublishOperation operation, Hook const& hook, PublishRequest const& request);
/// What it answered.
PublishOutcome published_by(std::string const& publisher, PublishRequest const& request, Outcome const& outcome);

/// Asks the publisher.
http::Task<PublishOutcome> publish(Runner& runner, PublishOperation operation, Hook hook, PublishRequest request);

}  // namespace cpsctl::hooks
