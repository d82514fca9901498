#include "simulator/deribit/request.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "simulator/deribit/json_writer.hpp"

namespace keel::simulator::deribit {
namespace {

TEST(DeribitRequestTest, ReadsNumbersTextAndListsFromJson) {
    const auto request = parse_request(
        R"({"id":7,"method":"m","params":{"a":2.5e1,"b":"text","c":true,"d":["x","y"],"e":null,"f":12}})");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->id, "7");
    EXPECT_EQ(request->method, "m");
    EXPECT_EQ(request->params.number("a"), 25.0);
    EXPECT_EQ(request->params.text("b"), "text");
    EXPECT_TRUE(request->params.truth("c"));
    EXPECT_EQ(request->params.texts("d"), (std::vector<std::string>{"x", "y"}));
    EXPECT_FALSE(request->params.text("e"));
    EXPECT_EQ(request->params.integer("f"), 12);
    EXPECT_FALSE(request->params.number("b"));
    EXPECT_FALSE(request->params.has("z"));
}

TEST(DeribitRequestTest, ReadsTheSameFromAQuery) {
    const Request request = parse_query("private/buy?amount=10.0&label=a%20b%2Bc&post_only=true&price=1e3&flag&=");
    EXPECT_EQ(request.method, "private/buy");
    EXPECT_EQ(request.params.number("amount"), 10.0);
    EXPECT_EQ(request.params.text("label"), "a b+c");
    EXPECT_TRUE(request.params.truth("post_only"));
    EXPECT_EQ(request.params.number("price"), 1000.0);
    EXPECT_FALSE(request.params.has("flag"));
    EXPECT_EQ(parse_query("public/test").method, "public/test");
}

TEST(DeribitRequestTest, KeepsTheIdOfARefusedRequest) {
    const auto no_method = parse_request(R"({"id":"x"})");
    ASSERT_TRUE(no_method);
    EXPECT_EQ(no_method->id, "\"x\"");
    EXPECT_EQ(no_method->refused->code, -32600);
    EXPECT_EQ(parse_request(R"({"id":1,"method":"m","params":[1]})")->refused->code, -32602);
    EXPECT_EQ(parse_request("[]").error().code, -32600);
    EXPECT_EQ(parse_request("").error().code, 11050);
}

TEST(DeribitRequestTest, NumbersThatAreNoneAreAbsent) {
    for (const std::string_view text : {"nan", "inf", "1e999", "12x", "", "0x10"}) {
        const Request request = parse_query("m?value=" + std::string{text});
        EXPECT_FALSE(request.params.number("value")) << text;
        EXPECT_FALSE(request.params.integer("value")) << text;
    }
    EXPECT_FALSE(parse_query("m?value=1e18").params.integer("value")) << "not exact as a double";
}

TEST(DeribitJsonWriterTest, PlacesCommasAndKeepsAmountsDecimal) {
    JsonWriter out;
    out.begin_object().member("a", 1).amount("b", 10.0).amount("c", 0.5).member("d", "q\"\\\n").null("e");
    out.begin_array("f").value(1.5).amount(3.0).begin_array().end_array().end_array().member("g", true).end_object();
    EXPECT_EQ(out.take(), R"({"a":1,"b":10.0,"c":0.5,"d":"q\"\\\u000a","e":null,"f":[1.5,3.0,[]],"g":true})");
}

TEST(DeribitJsonWriterTest, WritesWhatIsNoNumberAsNull) {
    JsonWriter out;
    out.begin_array().value(std::numeric_limits<double>::quiet_NaN()).amount(std::numeric_limits<double>::infinity());
    out.value(-0.0).end_array();
    EXPECT_EQ(out.take(), "[null,null,0]");
}

TEST(DeribitJsonWriterTest, RoundsHalfAwayFromZero) {
    EXPECT_EQ(rounded(1.005, 1), 1.0);
    EXPECT_EQ(rounded(0.25, 1), 0.3);
    EXPECT_EQ(rounded(-0.25, 1), -0.3);
}

}  // namespace
}  // namespace keel::simulator::deribit
