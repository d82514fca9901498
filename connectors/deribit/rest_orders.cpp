#include "connectors/deribit/rest_orders.hpp"

#include <algorithm>
#include <array>

#include "connectors/deribit/sign.hpp"
#include "connectors/deribit/urls.hpp"
#include "engine/core/clock.hpp"

namespace keel::connectors::deribit {
namespace {

constexpr std::size_t kNonceBytes = 8;

}  // namespace

std::string_view rest_order_target() { return kApiPath; }

RestOrders::RestOrders(const Config& config, net::TlsContext tls, const net::Credentials& credentials)
    : client_{{rest_endpoint(config), config.connect_deadline, config.answer_deadline}, std::move(tls)},
      credentials_{credentials},
      key_{credentials.secret} {}

bool RestOrders::enqueue(const OrderCommand& command, RequestKind kind) { return waiting_.push({command, kind}); }

const RestOrders::Waiting* RestOrders::next() const {
    return waiting_.empty() || client_.is_busy() ? nullptr : waiting_.begin();
}

RestOrders::Written RestOrders::write_next(std::string_view body, std::int64_t venue_time_ms) {
    KEEL_ASSERT(next() != nullptr);
    current_ = waiting_[0];
    std::copy(waiting_.begin() + 1, waiting_.end(), waiting_.begin());
    waiting_.erase_unordered(waiting_.size() - 1);
    const std::uint64_t begin = cycles_now();
    write_authorization(authorization_, credentials_.key_id, key_, venue_time_ms, net::random_hex(kNonceBytes),
                        {"POST", rest_order_target(), body});
    const std::uint64_t sign_cycles = cycles_now() - begin;
    const std::array<net::RestHeader, 2> headers{
        {{"Authorization", authorization_}, {"Content-Type", "application/json"}}};
    const bool accepted = client_.start({"POST", rest_order_target(), body, headers}).has_value();
    return {sign_cycles, accepted};
}

std::optional<RestOrders::Answer> RestOrders::poll() {
    const std::optional<net::RestOutcome> outcome = client_.poll();
    if (!outcome) return std::nullopt;
    return Answer{current_, *outcome};
}

}  // namespace keel::connectors::deribit
