#include "cps/list_reader.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace cpsctl::cps {
namespace {

constexpr std::size_t envelope_limit = 1 << 16;
constexpr std::size_t chunk = 1 << 18;
// An enrollment with a thousand names has some 100 KB. A list of numbers or of empty objects takes many times its text.
constexpr std::size_t most_element_bytes = std::size_t{4} << 20;
constexpr std::size_t most_memory_per_byte = 4;
constexpr std::size_t free_memory = std::size_t{16} << 20;
constexpr std::size_t looks_at_memory_after = std::size_t{1} << 20;

bool space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

ListReader::ListReader(std::size_t max_bytes) : pool_(std::make_shared<json::Pool>(chunk)), max_bytes_(max_bytes) {}

Error ListReader::bad(std::string_view problem) const {
  return Error{.code = Errc::protocol,
               .message = fmt::format("CPS's list of enrollments {} (offset {})", problem, offset_),
               .next = "run again; if it stays, check host and proxy, or report it to Akamai's support",
               .reached = Reached::yes};
}

Result<> ListReader::feed(std::string_view piece) {
  for (char const c : piece) {
    CPS_CHECK(byte(c));
    if (++offset_ > max_bytes_)
      return Error{.code = Errc::protocol,
                   .message = fmt::format("CPS's list of enrollments is larger than {} bytes", max_bytes_),
                   .next = "raise api.maxListBytes in cpsctl.yaml if the contract really is that large",
                   .reached = Reached::yes,
                   .lasting = true};
  }
  return {};
}

/// Strings and nesting, the same inside and outside of elements.
void ListReader::track(char c) {
  if (quoted_) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      quoted_ = false;
    else if (depth_ == 1)
      name_ += c;
  } else if (c == '"') {
    quoted_ = true;
    if (depth_ == 1) name_.clear();
  } else if (c == '{' || c == '[') {
    ++depth_;
  } else if (c == '}' || c == ']') {
    --depth_;
  }
}

bool ListReader::array_begins() const {
  if (found_ || quoted_ || depth_ != 2 || name_ != "enrollments") return false;
  // `[` directly behind the name and its colon; a value that happens to say "enrollments" is none.
  std::size_t i = envelope_.size() - 1;
  while (i > 0 && space(envelope_[i - 1])) --i;
  return i > 0 && envelope_[i - 1] == ':';
}

Result<> ListReader::byte(char c) {
  switch (place_) {
    case Place::outside:
      envelope_ += c;
      if (envelope_.size() > envelope_limit) return bad("is not such a list");
      track(c);
      if (c == '[' && array_begins()) {
        found_ = true;
        place_ = Place::before_element;
      }
      return {};
    case Place::before_element:
      if (space(c)) return {};
      if (c == ']' && enrollments_.empty()) {
        track(c);
        envelope_ += c;
        place_ = Place::outside;
        return {};
      }
      if (c != '{') return bad("has an element that is not an object");
      element_.assign(1, c);
      element_depth_ = depth_;
      track(c);
      place_ = Place::in_element;
      return {};
    case Place::in_element:
      element_ += c;
      if (element_.size() > most_element_bytes) return bad("has an element that is far too large for an enrollment");
      track(c);
      if (depth_ != element_depth_ || quoted_) return {};
      place_ = Place::after_element;
      return element();
    case Place::after_element:
      if (space(c)) return {};
      if (c == ',') {
        place_ = Place::before_element;
        return {};
      }
      if (c != ']') return bad("is malformed between two elements");
      track(c);
      envelope_ += c;
      place_ = Place::outside;
      return {};
  }
  return bad("is malformed");
}

Result<> ListReader::element() {
  auto parsed = json::parse_into(*pool_, element_, fmt::format("enrollment {} of CPS's list", enrollments_.size() + 1));
  if (!parsed) {
    Error error = std::move(parsed).error();
    error.reached = Reached::yes;
    return error;
  }
  // The value lives in the pool; the pool lives as long as any of the list's values is held.
  struct Held {
    std::shared_ptr<json::Pool> pool;
    json::Value value;
  };
  auto const held = std::make_shared<Held>(Held{.pool = pool_, .value = std::move(*parsed)});
  CPS_TRY(Live live, live_from(json::Ref(held, &held->value)));
  enrollments_.push_back(std::move(live));
  if (offset_ - memory_seen_ < looks_at_memory_after) return {};
  memory_seen_ = offset_;
  // Apart from the list's own place and the shared value's, what make_shared needs.
  std::size_t const each = sizeof(Live) + sizeof(Held) + 2 * sizeof(void*);
  std::size_t const memory = pool_->Size() + enrollments_.capacity() * each;
  if (memory > free_memory + most_memory_per_byte * offset_) return bad("takes far more memory than enrollments would");
  return {};
}

Result<std::vector<Live>> ListReader::finish() {
  if (offset_ == 0) return bad("is empty");
  if (place_ != Place::outside || depth_ != 0 || quoted_) return bad("ends before it is complete");
  auto const envelope = json::parse(envelope_, "CPS's list of enrollments");
  if (!envelope) {
    Error error = envelope.error();
    error.reached = Reached::yes;
    return error;
  }
  if (!found_) return bad("has no member \"enrollments\" that is a list");
  std::vector<std::int64_t> ids;
  std::ranges::transform(enrollments_, std::back_inserter(ids), [](Live const& live) { return live.id.value; });
  std::ranges::sort(ids);
  if (auto const twice = std::ranges::adjacent_find(ids); twice != ids.end())
    return bad(fmt::format("has enrollment {} twice", *twice));
  return std::move(enrollments_);
}

}  // namespace cpsctl::cps
