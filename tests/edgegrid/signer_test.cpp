#include "edgegrid/signer.hpp"

#include <doctest/doctest.h>

using namespace cpsctl;
using namespace cpsctl::edgegrid;

namespace {

constexpr char const* api_host = "akaa-baseurl-xxxxxxxxxxx-xxxxxxxxxxxxx.luna.akamaiapis.net";
constexpr char const* signing_time = "20140321T19:34:21+0000";
constexpr char const* fixed_nonce = "nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
using Headers = std::vector<std::pair<std::string, std::string>>;

Credentials published(std::size_t max_body, std::vector<std::string> names) {
  return {.host = api_host,
          .client_token = Secret("akab-client-token-xxx-xxxxxxxxxxxxxxxx"),
          .client_secret = Secret(std::string(43, 'x') + "="),
          .access_token = Secret("akab-access-token-xxx-xxxxxxxxxxxxxxxx"),
          .max_body = max_body,
          .headers_to_sign = std::move(names)};
}

std::string signature(Credentials const& credentials, SignedRequest const& request) {
  auto const parts = parse_authorization(authorization(credentials, request, signing_time, fixed_nonce));
  return parts ? parts->signature : "not an authorization";
}

}  // namespace

TEST_CASE("signer: the vectors that Akamai published") {
  struct Case {
    char const *title, *method, *target;
    std::string body;
    Headers headers;
    char const* expect;
  };
  Headers const three = {{"X-Test2", "t2"}, {"X-Test1", "t1"}, {"X-Test3", "t3"}};
  Headers const extra = {
      {"X-Test2", "t2"}, {"X-Test1", "t1"}, {"X-Test3", "t3"}, {"X-Extra", "this won't be included"}};
  std::string const p31(31, 'P');
  std::string const data8 = "datadatadatadatadatadatadatadata";
  Case const cases[] = {
      {"1: a plain GET", "GET", "/", "", {}, "tL+y4hxyHxgWVD30X3pWnGKHcPzmrIF+LThiAOhMxYU="},
      {"1b: a bare host signs as /", "GET", "", "", {}, "tL+y4hxyHxgWVD30X3pWnGKHcPzmrIF+LThiAOhMxYU="},
      {"2: a query", "GET", "/testapi/v1/t1?p1=1&p2=2", "", {}, "hKDH1UlnQySSHjvIcZpDMbQHihTQ0XyVAKZaApabdeA="},
      {"3: a POST body", "POST", "/testapi/v1/t3", data8, {}, "hXm4iCxtpN22m4cbZb4lVLW5rhX8Ca82vCFqXzSTPe4="},
      {"4: a body over the limit",
       "POST",
       "/testapi/v1/t3",
       std::string(2049, 'd'),
       {},
       "6Q6PiTipLae6n4GsSIDTCJ54bEbHUBp+4MUXrbQCBoY="},
      {"5: a body at the limit",
       "POST",
       "/testapi/v1/t3",
       std::string(2048, 'd'),
       {},
       "6Q6PiTipLae6n4GsSIDTCJ54bEbHUBp+4MUXrbQCBoY="},
      {"6: an empty POST", "POST", "/testapi/v1/t6", "", {}, "1gEDxeQGD5GovIkJJGcBaKnZ+VaPtrc4qBUHixjsPCQ="},
      {"7: a signed header",
       "GET",
       "/testapi/v1/t4",
       "",
       {{"X-Test1", "test-simple-header"}},
       "8F9AybcRw+PLxnvT+H0JRkjROrrUgsxJTnRXMzqvcwY="},
      {"8: a signed header with spaces",
       "GET",
       "/testapi/v1/t4",
       "",
       {{"X-Test1", "\"     test-header-with-spaces     \""}},
       "ucq2AbjCNtobHfCTuS38fdkl5UDdWHZhQX46fYR8CqI="},
      {"9: headers sent in another order", "GET", "/testapi/v1/t4", "", three,
       "Wus73Nx8jOYM+kkBFF2q8D1EATRIMr0WLWwpLBgkBqY="},
      {"10: a header that is not signed", "GET", "/testapi/v1/t5", "", extra,
       "Knd/jc0A5Ghhizjayr0AUUvl2MZjBpS3FDSzvtq4Ixc="},
      {"11: PUT bodies are not hashed",
       "PUT",
       "/testapi/v1/t6",
       p31,
       {},
       "GNBWEYSEWOLtu+7dD52da2C39aX/Jchpon3K/AmBqBU="},
      {"12: PATCH bodies are not hashed",
       "PATCH",
       "/testapi/v1/t6",
       p31,
       {},
       "JIl05ImY1AOnMtmw+9LKgaFA8mnzsEKabbnHmI8LsQ4="},
      {"13: a query of two",
       "GET",
       "/testapi/v1/configs/111?from=12345&limit=200000",
       "",
       {},
       "XM+hsuSs6nuy/5eDRty1IjtVCAdr8xPFRAZ/b8RXDm8="},
      {"14: path parameters",
       "GET",
       "/testapi/v1/configs/111;222;333?from=12345&limit=200000",
       "",
       {},
       "pmQF7Is2+O4r/mMojPR4yeF58BrempNNoBX5/DT0Fxs="},
  };
  Credentials const credentials = published(2048, {"X-Test1", "X-Test2", "X-Test3"});
  for (Case const& c : cases) {
    CAPTURE(c.title);
    CHECK(signature(credentials,
                    {.method = c.method, .host = api_host, .target = c.target, .body = c.body, .headers = c.headers}) ==
          c.expect);
  }
}

TEST_CASE("signer: requests as CPS gets them") {
  struct Case {
    char const *method, *target, *body, *hash, *expect;
  };
  Case const cases[] = {
      {"GET", "/cps/v2/enrollments?contractId=ctr_1-ABCDE", "", "", "61qpx7qgrcsYeCj8B1GunXdhXTCzWJYPOfEVCJuIGks="},
      {"GET", "/cps/v2/enrollments/10002", "", "", "xuTIVLNlotZlwtDo1UnDYQQGGlAfFhGSgYNcdCdQ+0A="},
      {"GET", "/cps/v2/enrollments?accountSwitchKey=1-5C0YLB%3A1-8BYUX&contractId=1-1TJZH5", "", "",
       "2V11ao0ZEf8KI16uUquyi25k796Fa03fp85zWn1VGnA="},
      {"GET", "/cps/v2/enrollments?accountSwitchKey=1-5C0YLB:1-8BYUX&contractId=1-1TJZH5", "", "",
       "1huxk3pGfvevm/vyYJRdDtXK3Zl9/vb5eKddkiSPZBA="},
      {"POST", "/cps/v2/enrollments?contractId=1-1TJZH5", R"({"ra":"lets-encrypt"})",
       "fFgKTY9yIt2lYk0GujABIZPxdo9VBTCFsShwSXQreXw=", "OCFrccxZ2Sop0JBVUZrJxIITb4X0OFWyzcpwq2etKCw="},
      {"PUT", "/cps/v2/enrollments/10002?allow-cancel-pending-changes=true", R"({"ra":"lets-encrypt"})", "",
       "HGz+YIWlPk2TN7h8ebP3OzPtHJ7mzTGY+szphFPfkAI="},
      {"DELETE", "/cps/v2/enrollments/10002/changes/10003", "", "", "iNYf8JN2YUqcrNdoktWHnYMnviTc+IJAzgwyLuh+5Fs="},
      {"POST", "/cps/v2/enrollments/10002/changes/10003/input/update/change-management-ack",
       R"({"acknowledgement":"acknowledge"})",
       "qEOLwU52Sw9C3w1QIjX0sxl/+oE0aXfHvzQ+003QlT8=", "QZLsfo91p9l0FVz3qx+6difxaivsvp+IT/D1s2wPfjg="},
  };
  Credentials const credentials = published(131072, {});
  for (Case const& c : cases) {
    CAPTURE(c.target);
    SignedRequest const request{.method = c.method, .host = api_host, .target = c.target, .body = c.body};
    CHECK(content_hash(request, credentials.max_body) == c.hash);
    CHECK(signature(credentials, request) == c.expect);
  }
}

TEST_CASE("signer: only the first max_body bytes are hashed") {
  std::string const one(2048, 'd'), two(2049, 'd');
  CHECK(content_hash({.method = "POST", .host = api_host, .target = "/", .body = one}, 2048) ==
        "iysZKJ78BqF0NvDrpv9Hc3pJBWC5f5apR4qUK/Qfo5k=");
  CHECK(content_hash({.method = "POST", .host = api_host, .target = "/", .body = two}, 2048) ==
        "iysZKJ78BqF0NvDrpv9Hc3pJBWC5f5apR4qUK/Qfo5k=");
  CHECK(content_hash({.method = "POST", .host = api_host, .target = "/", .body = "test_body"}, 2048) ==
        "REPGqEEubBHzJMhwqDZtbt515/ntEvAMNriNR53zcdY=");
}

TEST_CASE("signer: headers keep the configured order and their letters, white space collapses") {
  Headers const sent = {{"A", "val1"}, {"B", "  VAL   2   "}, {"C", "V A L 3"}};
  auto const with = [&](std::vector<std::string> names, Headers headers) {
    return signature(published(2048, std::move(names)),
                     {.method = "GET", .host = api_host, .target = "/", .headers = std::move(headers)});
  };
  CHECK(with({"B", "C"}, sent) == with({"b", "c"}, {{"c", "V A L 3"}, {"b", "VAL 2"}}));
  CHECK(with({"B", "C"}, sent) != with({"C", "B"}, sent));
  CHECK(with({"B"}, sent) != with({"B"}, {{"B", "val 2"}}));
  CHECK(with({"D", "E"}, sent) == with({}, {}));
}

TEST_CASE("signer: time stamps") {
  auto const time = edgegrid::parse_timestamp(signing_time);
  REQUIRE(time);
  CHECK(timestamp(*time) == signing_time);
  for (char const* const wrong :
       {"", "20140321T19:34:21Z", "20140231T19:34:21+0000", "20140321T24:34:21+0000", "2014032aT19:34:21+0000",
        "20140321 19:34:21+0000", "20140321T19:34:21+0100", "20140321T19:34:21+00000"}) {
    CAPTURE(wrong);
    CHECK(!edgegrid::parse_timestamp(wrong));
  }
}

TEST_CASE("signer: an authorization header is read back, or refused") {
  auto const parts =
      parse_authorization("EG1-HMAC-SHA256 client_token=a;access_token=b;timestamp=c;nonce=d;signature=e=");
  REQUIRE(parts);
  CHECK(parts->client_token == "a");
  CHECK(parts->signature == "e=");
  for (char const* const wrong :
       {"", "Basic abc", "EG1-HMAC-SHA256 ", "EG1-HMAC-SHA256 client_token=a;access_token=b;timestamp=c;nonce=d;",
        "EG1-HMAC-SHA256 client_token=;access_token=b;timestamp=c;nonce=d;signature=e",
        "EG1-HMAC-SHA256 access_token=b;client_token=a;timestamp=c;nonce=d;signature=e",
        "EG1-HMAC-SHA256 client_token=a;access_token=b;timestamp=c;nonce=d;signature=e;"}) {
    CAPTURE(wrong);
    CHECK(!parse_authorization(wrong));
  }
}

TEST_CASE("signer: query values are encoded as RFC 3986 has it") {
  CHECK(percent_encoded("1-5C0YLB:1-8BYUX") == "1-5C0YLB%3A1-8BYUX");
  CHECK(percent_encoded("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encoded("a b+c/ü") == "a%20b%2Bc%2F%C3%BC");
}
