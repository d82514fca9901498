#include "connectors/deribit/sign.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/test_data.hpp"

namespace keel::connectors::deribit {
namespace {

using Json = nlohmann::json;

std::string text_of(const net::HexDigest& digest) { return {digest.data(), digest.size()}; }

constexpr std::int64_t kTimestampMs = 1'576'074'319'000;
constexpr SignedRequest kSummary{"GET", "/api/v2/private/get_account_summary?currency=BTC", ""};

// D1 to D4 of the protocol text.
TEST(SignTest, MatchesThePublishedLogins) {
    net::HmacSha256 key{net::Secret{"AMANDASECRECT"}};
    EXPECT_EQ(text_of(sign_login(key, kTimestampMs, "1iqt2wls")),
              "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1");
    EXPECT_EQ(text_of(sign_login(key, kTimestampMs, "fdbmmz79")),
              "bbcc5022dd967a8eea6071d20cf20cb2478631e5643181dfe251aed416142dd2");
}

TEST(SignTest, MatchesThePublishedRequests) {
    net::HmacSha256 key{net::Secret{"AMANDASECRECT"}};
    EXPECT_EQ(text_of(sign_request(key, kTimestampMs, "1iqt2wls", kSummary)),
              "9bfbc51a2bc372d72cc396cf1a213dc78d42eb74cb7dc272351833ad0de276ab");
    EXPECT_EQ(text_of(sign_request(key, kTimestampMs, "fdbmmz79", kSummary)),
              "460e463195680993ce4dfa1324305329be43b159f80bd19a196d9a0e9a9bcb8a");
}

TEST(SignTest, WritesTheAuthorizationHeader) {
    net::HmacSha256 key{net::Secret{"AMANDASECRECT"}};
    std::string header{"old"};
    write_authorization(header, "AMANDA", key, kTimestampMs, "1iqt2wls", kSummary);
    EXPECT_EQ(header,
              "deri-hmac-sha256 id=AMANDA,ts=1576074319000,nonce=1iqt2wls,"
              "sig=9bfbc51a2bc372d72cc396cf1a213dc78d42eb74cb7dc272351833ad0de276ab");
}

TEST(SignTest, AnyChangedByteChangesTheSignature) {
    net::HmacSha256 key{net::Secret{"AMANDASECRECT"}};
    const std::string right = text_of(sign_request(key, kTimestampMs, "1iqt2wls", kSummary));
    EXPECT_NE(right, text_of(sign_request(key, kTimestampMs + 1, "1iqt2wls", kSummary)));
    EXPECT_NE(right, text_of(sign_request(key, kTimestampMs, "1iqt2wls", {"POST", kSummary.uri, ""})));
    EXPECT_NE(right, text_of(sign_request(key, kTimestampMs, "1iqt2wls", {"GET", kSummary.uri, "x"})));
}

// Every HMAC vector of the folder, whatever its venue: "deribit" rows through our own formula too.
TEST(SignVectorsTest, EveryRecordedVectorMatches) {
    const auto folder = test::data_path("signing");
    KEEL_SKIP_WITHOUT(folder);
    std::size_t deribit_rows = 0;
    for (const auto& file : std::filesystem::directory_iterator{*folder}) {
        const Json rows = Json::parse(test::read_file(file.path()));
        if (!rows.is_array()) continue;
        for (const Json& row : rows) {
            if (!row.contains("venue") || row["venue"] != "deribit") continue;
            ++deribit_rows;
            net::HmacSha256 key{net::Secret{row["secret"].get<std::string>()}};
            const auto message = row["message"].get<std::string>();
            EXPECT_EQ(text_of(key.hex(message)), row["expected"]) << row["scheme"];
            const std::size_t first = message.find('\n');
            const std::size_t second = message.find('\n', first + 1);
            ASSERT_NE(second, std::string::npos);
            EXPECT_EQ(text_of(sign_login(key, std::stoll(message.substr(0, first)),
                                         message.substr(first + 1, second - first - 1), message.substr(second + 1))),
                      row["expected"]);
        }
    }
    EXPECT_GE(deribit_rows, 1U);
}

}  // namespace
}  // namespace keel::connectors::deribit
