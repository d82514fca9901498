#include "connectors/deribit/errors.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace keel::connectors::deribit {
namespace {

void expect_all(ErrorAction action, std::initializer_list<std::int64_t> codes) {
    for (const std::int64_t code : codes) EXPECT_EQ(action_of(code), action) << code;
}

// The classes of the protocol text, section 13, row by row.
TEST(ErrorsTest, MapsEveryClassOfTheTable) {
    expect_all(ErrorAction::reauthenticate, {10000, 13009});
    expect_all(ErrorAction::stop_credentials, {13004, 13021, 11042, 13403, 13668});
    expect_all(ErrorAction::retry_later, {10040, 10041, 10047, 10050, 10066, 11051, 11094, 13028, 13503, 10048});
    expect_all(ErrorAction::not_processed, {13888});
    expect_all(ErrorAction::throttle, {10028, 13780, 13903});
    expect_all(ErrorAction::reject, {10002, 10005, 10006, 10007, 10011, 10021, 10022, 10023, 10024, 10036, 10026, 10027,
                                     10032, 10034, 10035, 10043, 10044, 11036});
    expect_all(ErrorAction::reject_funds,
               {10009, 10039, 10013, 10014, 10015, 10016, 10017, 10018, 10037, 10038, 11013, 11022, 11035});
    expect_all(ErrorAction::reject, {10003, 11054, 11055, 11021, 13040, 13030, 13042, 13043, 13902, 13910, 11041, 11038,
                                     11039, 11046, 11037});
    expect_all(ErrorAction::gone, {10004, 10010, 11008, 11044, 10025, 10029});
    expect_all(ErrorAction::superseded, {13777, 13666});
    expect_all(ErrorAction::label_ambiguous, {13032});
    expect_all(ErrorAction::instrument_closed, {10012, 13019, 10020, 13020});
    expect_all(ErrorAction::account_blocked, {10019, 11098, 13025, 10072, 10045, 10046});
    expect_all(ErrorAction::protocol_bug,
               {-32700, -32600, -32601, -32602, -32000, 11050, 11029, 11043, 11049, 11031, 10031, 11047, 10030, 10049});
    expect_all(ErrorAction::subscription, {13778, 11052, 11056});
    expect_all(ErrorAction::unknown, {10001, 0, 1, 99999, -1});
}

TEST(ErrorsTest, OnlyDefiniteRefusalsProveThatNoOrderExists) {
    for (const std::int64_t code : {10043, 10009, 13009, 10028, 13888, 13666, -32602, 10012, 10019}) {
        EXPECT_TRUE(is_definite_refusal(action_of(code))) << code;
    }
    for (const std::int64_t code : {10040, 10041, 10047, 11094, 10001, 424242, 10004, 11044}) {
        EXPECT_FALSE(is_definite_refusal(action_of(code))) << code;
    }
}

TEST(ErrorsTest, EveryActionHasAName) {
    EXPECT_EQ(action_name(ErrorAction::throttle), "throttle");
    EXPECT_EQ(action_name(ErrorAction::unknown), "unknown");
    EXPECT_NE(action_name(ErrorAction::subscription), "unknown");
}

TEST(ErrorsTest, KnowsTheVenuesNameOfEveryCodeOfTheTable) {
    EXPECT_EQ(error_name(13'004), "invalid_credentials");
    EXPECT_EQ(error_name(10'009), "not_enough_funds");
    EXPECT_EQ(error_name(-32'602), "Invalid params");
    EXPECT_EQ(error_name(13'910), "quote_crossed");
    for (std::int64_t code = -33'000; code < 14'000; ++code) {
        if (action_of(code) == ErrorAction::unknown) continue;
        EXPECT_NE(error_name(code), "") << code;
    }
    for (const std::int64_t code : {0, 1, -1, 99'999}) EXPECT_EQ(error_name(code), "") << code;
}

}  // namespace
}  // namespace keel::connectors::deribit
