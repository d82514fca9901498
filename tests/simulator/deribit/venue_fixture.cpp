#include "tests/simulator/deribit/venue_fixture.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "simulator/market/market_source.hpp"

namespace keel::test {

simulator::DeribitServerConfig venue_config() {
    simulator::DeribitServerConfig config;
    simulator::AccountConfig account;
    account.name = "test";
    account.client_id = kClientId;
    account.client_secret = kClientSecret;
    account.balances = {10.0, 100.0, 100'000.0};
    account.positions = {{"BTC-PERPETUAL", 10'000.0, 0.0}};
    config.accounts.push_back(account);
    config.limits.enforced = false;
    config.allow_control = true;
    config.speed = 1.0;
    return config;
}

RunningVenue::RunningVenue(simulator::DeribitServerConfig config) {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    const auto folder = std::filesystem::path{testing::TempDir()} / "keel_deribit_server" / test->name();
    files_ = simulator::write_certificates(folder).value();
    config.certificate = files_.certificate;
    config.key = files_.key;
    auto market = simulator::make_generated_market({"calm", 7, 60.0});
    server_ = simulator::DeribitServer::open(config, std::move(market.value())).value();
    server_->start();
}

Json::Json(const std::string& text) : text_{text}, parser_{std::make_shared<simdjson::dom::parser>()} {
    EXPECT_EQ(parser_->parse(text_).get(document_), simdjson::SUCCESS) << text_;
}

std::optional<simdjson::dom::element> Json::at(std::string_view pointer) const {
    simdjson::dom::element element;
    if (document_.at_pointer(pointer).get(element) != simdjson::SUCCESS) return std::nullopt;
    return element;
}

bool Json::has(std::string_view pointer) const { return at(pointer).has_value(); }

std::string Json::string(std::string_view pointer) const {
    const auto element = at(pointer);
    std::string_view value;
    EXPECT_TRUE(element && element->get_string().get(value) == simdjson::SUCCESS) << pointer << " in " << text_;
    return std::string{value};
}

double Json::number(std::string_view pointer) const {
    const auto element = at(pointer);
    double value = 0.0;
    EXPECT_TRUE(element && element->get_double().get(value) == simdjson::SUCCESS) << pointer << " in " << text_;
    return value;
}

bool Json::truth(std::string_view pointer) const {
    const auto element = at(pointer);
    bool value = false;
    EXPECT_TRUE(element && element->get_bool().get(value) == simdjson::SUCCESS) << pointer << " in " << text_;
    return value;
}

std::size_t Json::size(std::string_view pointer) const {
    const auto element = at(pointer);
    simdjson::dom::array array;
    EXPECT_TRUE(element && element->get_array().get(array) == simdjson::SUCCESS) << pointer << " in " << text_;
    return array.size();
}

VenueClient::VenueClient(RunningVenue& venue) : wire_{venue.port(), venue.authority()} {
    EXPECT_EQ(wire_.error(), "");
    EXPECT_EQ(wire_.upgrade("/ws/api/v2"), 101U);
}

void VenueClient::send(std::string_view method, std::string_view params) {
    wire_.send(fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"{}","params":{}}})", ++last_id_, method, params));
}

Json VenueClient::ask(std::string_view method, std::string_view params) {
    send(method, params);
    while (const auto message = next_message()) {
        if (message->has("/id") && message->number("/id") == last_id_) return *message;
        kept_.push_back(*message);
    }
    ADD_FAILURE() << "no answer to " << method;
    return Json{"{}"};
}

std::optional<Json> VenueClient::next(std::string_view channel, std::chrono::milliseconds limit) {
    const auto fits = [&](const Json& message) {
        return message.has("/params/channel") && (channel.empty() || message.string("/params/channel") == channel);
    };
    const auto kept = std::ranges::find_if(kept_, fits);
    if (kept != kept_.end()) {
        Json message = *kept;
        kept_.erase(kept);
        return message;
    }
    const auto end = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < end) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        const auto text = wire_.receive(left);
        if (!text) return std::nullopt;
        Json message{*text};
        if (fits(message)) return message;
        kept_.push_back(std::move(message));
    }
    return std::nullopt;
}

std::optional<Json> VenueClient::next_message() {
    const auto text = wire_.receive();
    if (!text) return std::nullopt;
    return Json{*text};
}

void VenueClient::login() {
    const Json answer =
        ask("public/auth", fmt::format(R"({{"grant_type":"client_credentials","client_id":"{}","client_secret":"{}"}})",
                                       kClientId, kClientSecret));
    EXPECT_TRUE(answer.has("/result/access_token")) << answer.text();
}

}  // namespace keel::test
