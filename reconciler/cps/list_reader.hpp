#pragma once
#include "base/json.hpp"
#include "cps/types.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cpsctl::cps {

/// Reads {"enrollments":[…]} as it arrives: each element is parsed when it is whole, into one pool, so that a list of
/// 50,000 enrollments is never in memory twice.
class ListReader {
 public:
  explicit ListReader(std::size_t max_bytes);

  /// Errors: protocol (no such list, more than max_bytes, four times the memory of its text), with the offset.
  Result<> feed(std::string_view piece);
  /// After the last piece. Errors: protocol when the text ends early, has no `enrollments`, or one of them twice.
  Result<std::vector<Live>> finish();

 private:
  enum class Place : std::uint8_t {
    outside,         ///< around the array: collected as the envelope
    before_element,  ///< behind [ or ,
    in_element,
    after_element,  ///< an element ended: , or ] follows
  };

  Result<> byte(char c);
  void track(char c);
  bool array_begins() const;
  Result<> element();
  Error bad(std::string_view problem) const;

  std::shared_ptr<json::Pool> pool_;
  std::vector<Live> enrollments_ = {};
  std::string envelope_ = {};  ///< the text around the array's elements
  std::string element_ = {};
  std::string name_ = {};  ///< the last string at the envelope's top level: the member's name before a colon
  Place place_ = Place::outside;
  std::size_t max_bytes_;
  std::size_t offset_ = 0;
  std::size_t memory_seen_ = 0;  ///< the offset at which it was looked at last
  int depth_ = 0;
  int element_depth_ = 0;
  bool quoted_ = false;
  bool escaped_ = false;
  bool found_ = false;
};

}  // namespace cpsctl::cps
