#include <gtest/gtest.h>

#include <iostream>

#include "tests/risk/book/event_stream.hpp"
#include "tests/risk/book/plain_metrics.hpp"

namespace keel::risk {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr int kStreams = 250;
#else
constexpr int kStreams = 1'250;
#endif
constexpr int kEvents = 400;

// Every number that a book publishes against full revaluation of the holdings that the same stream of events made.
class Comparison {
public:
    Comparison(std::uint64_t seed, const BookRules& rules, bool delivering, bool unquoted)
        : stream_{seed, rules, delivering, unquoted} {}

    // Compared after whatever happens in a step; a step counts once for what full revaluation would take.
    void step() {
        std::size_t options = 0;
        stream_.step([&] { options = compare_running(); });
        full_kernels_ += options;
    }
    // After a re-anchor: exact, whatever bound is published.
    void compare_resynced() {
        IncrementalBook copy = stream_.book();
        copy.resync();
        const test::PlainMetrics want{stream_.reference().book, stream_.reference().market};
        compare(copy, want, false);
        compare_quality(copy, want, 0);
    }
    const test::EventStream& stream() const { return stream_; }
    std::uint64_t full_kernels() const { return full_kernels_; }
    std::uint64_t compared() const { return compared_; }

private:
    // As the book stands, within what it publishes as its bound. The options that full revaluation prices.
    std::size_t compare_running() {
        ++compared_;
        const test::PlainMetrics want{stream_.reference().book, stream_.reference().market};
        stream_.reference().peak.on_equity(want.account.value.equity, 0.0);
        compare(stream_.book(), want, true);
        near(stream_.book().account().value.drawdown, stream_.reference().peak.value(want.account.value.equity),
             stream_.book().account().bound.drawdown, kCoin, "drawdown");
        compare_quality(stream_.book(), want, stream_.clock_went_back() ? unsigned{kBookClock} : 0U);
        return want.options;
    }
    static constexpr double kCoin = 1e-9;
    static constexpr double kUsd = 1e-5;
    static constexpr double kGross = 1e-9;         // of the gross
    static constexpr double kRounding = 1e-12;     // of a number that is exact
    static constexpr double kCompensated = 1e-24;  // of the largest gross that went through a sum of two words
    // What a greek may be off by after a re-anchor. Of the gross where that is less: a floor in coins would say
    // nothing of gamma_coin, which is 1e-10 per contract.
    static constexpr Sensitivities kFloors{.delta_bs = kCoin,
                                           .delta_net = kCoin,
                                           .delta_inverse = kCoin,
                                           .delta_linear_stable = kUsd,
                                           .gamma = kCoin,
                                           .vega = kUsd,
                                           .theta = kUsd,
                                           .vanna = kCoin,
                                           .volga = kUsd,
                                           .charm = kCoin,
                                           .gamma_coin = kCoin,
                                           .vega_coin = kCoin,
                                           .theta_coin = kCoin,
                                           .gross_usd = kUsd,
                                           .gross_stable = kUsd,
                                           .gross_coins = kCoin,
                                           .net_usd = kUsd,
                                           .net_stable = kUsd,
                                           .net_coins = kCoin};

    void near(double got, double want, double bound, double floor, const std::string& what) {
        ASSERT_TRUE(std::isfinite(got)) << stream_.place() << ' ' << what;
        ASSERT_GE(bound, -floor) << stream_.place() << ' ' << what;
        const double allowed = is_running_ ? bound + floor + kRounding * std::abs(want) : floor + 1e-9 * std::abs(want);
        ASSERT_NEAR(got, want, allowed) << stream_.place() << ' ' << what << " bound " << bound;
    }
    // Beside its bound a greek may be off by what a sum of two words drops and by nothing of the gross, which may have
    // cancelled.
    double floor_of(double size, double& most, double unit) const {
        most = std::max(most, size);
        return is_running_ ? kCompensated * most : std::min(kGross * size, unit);
    }
    void compare_usd(const Bounded<UsdVector>& got, const test::PlainSum<UsdVector>& want, UsdVector& most,
                     const std::string& where) {
        const auto check = [&](double UsdVector::*member, const char* name, bool greek) {
            const double floor = floor_of(want.size.*member, most.*member, kUsd);
            near(got.value.*member, want.value.*member, got.bound.*member, greek ? floor : kUsd, where + name);
        };
        check(&UsdVector::equity, "equity", false);
        check(&UsdVector::gross, "gross", false);
        check(&UsdVector::net, "net", false);
        check(&UsdVector::dollar_delta, "dollar_delta", false);
        check(&UsdVector::margin, "margin", false);
        check(&UsdVector::gamma_1pct, "gamma_1pct", true);
        check(&UsdVector::vega, "vega", true);
        check(&UsdVector::theta, "theta", true);
    }
    void compare_underlying(std::size_t u, const Bounded<UnderlyingMetrics>& got, const test::PlainMetrics& want) {
        const auto value = std::bit_cast<SensitivityArray>(got.value.greeks);
        const auto bound = std::bit_cast<SensitivityArray>(got.bound.greeks);
        const auto wanted = std::bit_cast<SensitivityArray>(want.greeks[u].value);
        const auto size = std::bit_cast<SensitivityArray>(want.greeks[u].size);
        constexpr auto kFloor = std::bit_cast<SensitivityArray>(kFloors);
        for (std::size_t i = 0; i < kSensitivitiesCount; ++i) {
            const double floor = floor_of(size[i], greeks_most_[u][i], kFloor[i]);
            near(value[i], wanted[i], bound[i], floor, "greek " + std::to_string(i));
        }
        const auto in_usd = [](const UnderlyingMetrics& m, double equity) {
            return UsdVector{.equity = equity,
                             .gross = m.gross_usd,
                             .net = m.net_usd,
                             .dollar_delta = m.dollar_delta_usd,
                             .gamma_1pct = m.gamma_1pct_usd,
                             .vega = m.greeks.vega,
                             .theta = m.greeks.theta,
                             .margin = m.margin_usd};
        };
        // An underlying has an equity in coin alone.
        const Bounded<UsdVector> usd{in_usd(got.value, want.underlyings[u].value.equity), in_usd(got.bound, 0.0)};
        compare_usd(usd, want.underlyings[u], underlyings_most_[u], "underlying ");
        near(got.value.equity_coin, want.coin[u], got.bound.equity_coin, kCoin, "equity_coin");
        const double index = stream_.reference().market.underlyings[u].index;
        near(got.value.delta_usd, want.underlyings[u].value.dollar_delta / index, got.bound.delta_usd, kCoin,
             "delta_usd");
    }
    void compare(const IncrementalBook& book, const test::PlainMetrics& want, bool is_running) {
        is_running_ = is_running;
        const Bounded<AccountMetrics> account = book.account();
        compare_usd({account.value.usd, account.bound.usd}, want.account, account_most_, "account ");
        for (std::uint16_t i = 0; i < 2; ++i) {
            compare_underlying(i, book.underlying(UnderlyingSlot{i}), want);
            compare_usd(book.venue(VenueSlot{i}), want.venues[i], venues_most_[i], "venue ");
            const Bounded<double> stable = book.equity_stable(StableSlot{i});
            near(stable.value, want.stable[i], stable.bound, kUsd, "equity_stable");
        }
        const UsdVector& usd = want.account.value;
        if (usd.equity <= 1'000.0) return;
        near(account.value.leverage_gross, usd.gross / usd.equity, account.bound.leverage_gross, kCoin,
             "leverage_gross");
        near(account.value.leverage_net, std::abs(usd.dollar_delta) / usd.equity, account.bound.leverage_net, kCoin,
             "leverage_net");
    }
    // Every bit of it, of the account and of each underlying.
    void compare_quality(const IncrementalBook& book, const test::PlainMetrics& want, unsigned sticky) {
        unsigned all = stream_.flags().quality() | sticky;
        for (std::uint16_t u = 0; u < 2; ++u) {
            unsigned one = stream_.flags().quality(UnderlyingSlot{u}) | sticky;
            if (want.left_out[u] > 0) one |= kBookUnvalued;
            ASSERT_EQ(unsigned{book.quality(UnderlyingSlot{u})}, one) << stream_.place();
            all |= one;
        }
        ASSERT_EQ(unsigned{book.quality()}, all) << stream_.place();
    }

    test::EventStream stream_;
    std::uint64_t full_kernels_{0};
    std::uint64_t compared_{0};
    bool is_running_{true};
    UsdVector account_most_{};
    std::array<UsdVector, 2> underlyings_most_{}, venues_most_{};
    std::array<SensitivityArray, 2> greeks_most_{};
};

// Work of some streams beside what full revaluation at every event would take.
struct Work {
    std::uint64_t streams{0}, kernels{0}, full{0}, anchors{0};
    double greatest{0.0};  // share of one stream

    void add(const Comparison& comparison) {
        const BookWork work = comparison.stream().book().work();
        ++streams;
        kernels += work.kernels;
        full += comparison.full_kernels();
        anchors += work.anchors;
        greatest =
            std::max(greatest, static_cast<double>(work.kernels) / static_cast<double>(comparison.full_kernels()));
    }
    double share() const { return static_cast<double>(kernels) / static_cast<double>(full); }
    void print(const char* what) const {
        std::cout << "[ property ] " << streams << " streams " << what << ": kernels " << share()
                  << " of full revaluation, " << greatest << " at most, "
                  << static_cast<double>(anchors) / static_cast<double>(streams * kEvents) << " anchors per event\n";
    }
};

TEST(IncrementalBookPropertyTest, StaysWithinItsBoundsAndIsExactAfterResync) {
    Work all;
    Work plain;
    Work wide;
    Work delivered;
    std::uint64_t passed = 0;
    std::uint64_t averaged = 0;
    std::uint64_t healed = 0;
    std::uint64_t compared = 0;
    for (std::uint64_t seed = 1; seed <= kStreams && !::testing::Test::HasFailure(); ++seed) {
        // Every second book keeps its expansions to the edge of their radius, whatever their error: the bound
        // must hold there too.
        BookRules rules;
        if (seed % 2 == 0) rules.value_share = 1.0;
        // One book in five, of each kind, sees an averaging window and an expiry pass.
        const bool delivering = seed % 5 == 0;
        Comparison comparison{seed, rules, delivering, seed % 8 < 4};
        for (int event = 1; event <= kEvents && !::testing::Test::HasFailure(); ++event) {
            comparison.step();
            if (event % 100 == 0) comparison.compare_resynced();
        }
        passed += comparison.stream().events_past_expiry();
        averaged += comparison.stream().events_averaging();
        healed += comparison.stream().gaps_healed();
        compared += comparison.compared();
        all.add(comparison);
        (delivering ? delivered : rules.value_share == 1.0 ? wide : plain).add(comparison);
    }
    std::cout << "[ property ] " << kStreams << " streams of " << kEvents << " events, compared " << compared
              << " times; " << averaged << " events in an averaging window, " << passed << " past an expiry; " << healed
              << " gaps flagged and healed\n";
    all.print("in all");
    plain.print("under the default rules");
    wide.print("to the edge of the radius");
    delivered.print("through a delivery");
    // The criterion, for each of 1,000 streams and, with 250 beyond them that pass a delivery, for all pooled. Those
    // are not held to it one by one: a bucket that delivers is no expansion, seconds before its expiry, and inside the
    // averaging window, each of its options is priced at every event by rule.
    constexpr double kShareMax = 0.05;
    EXPECT_LE(plain.greatest, kShareMax);
    EXPECT_LE(wide.greatest, kShareMax);
    EXPECT_LE(all.share(), kShareMax);
    EXPECT_LE(plain.share(), kShareMax);
    EXPECT_LE(wide.share(), kShareMax);
    EXPECT_GT(passed, kStreams);
    EXPECT_GT(averaged, kStreams);
    EXPECT_GT(healed, kStreams);
    RecordProperty("kernel_share", std::to_string(plain.share()));
    RecordProperty("kernel_share_all", std::to_string(all.share()));
}

}  // namespace
}  // namespace keel::risk
