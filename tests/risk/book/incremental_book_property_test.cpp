#include <gtest/gtest.h>

#include <iostream>

#include "tests/risk/book/random_book.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr int kStreams = 200;
#else
constexpr int kStreams = 1'000;
#endif
constexpr int kEvents = 400;

// One random stream, applied to the incremental book and to the plain one. Ticks move a forward or a mark by
// 3 bp (standard deviation) and come 250 ms apart on average; a quoted volatility moves by 0.3 %, a surface by
// 0.2 points; now and then a price jumps by 2 %, the clock by a minute, an input is nonsense.
class Stream {
public:
    Stream(std::uint64_t seed, const BookRules& rules, bool delivering)
        : source_{seed, delivering}, reference_{source_}, book_{source_.book, source_.market, rules}, seed_{seed} {
        settled_.resize(source_.market.expiries.size());
        const std::uint64_t before = book_.work().kernels;
        // Half of the contracts are held from the start.
        for (std::size_t i = 0; i < rows(); ++i) {
            if (source_.one_in(2)) fill(i);
            look();
        }
        kernels_before_ = before;
    }
    std::size_t rows() const { return source_.book.contracts.size(); }
    std::size_t options_held() const {
        std::size_t count = 0;
        for (std::size_t i = 0; i < rows(); ++i) {
            count +=
                is_option(reference_.book.contracts[i].kind) && reference_.book.holdings[i].quantity != 0.0 ? 1U : 0U;
        }
        return count;
    }

    void step() {
        ++events_;
        tick_clock();
        switch (source_.below(20)) {
            case 0: fill(source_.below(rows())); break;
            case 1:
            case 2: volatility(source_.below(rows())); break;
            case 3: shift(); break;
            case 4:
            case 5: index(); break;
            case 6:
            case 7:
            case 8: mark(source_.below(rows())); break;
            case 9: account(); break;
            case 10: nonsense(); break;
            case 11:
                if (source_.one_in(20)) settle(source_.below(expiries()));
                break;
            case 12: average(); break;
            default: forward(source_.below(expiries())); break;
        }
        full_kernels_ += options_held();
        // What has expired is delivered a few events later; until then it stands at its intrinsic value.
        for (std::size_t at = 0; at < expiries(); ++at) {
            const ExpiryMarket& expiry = reference_.market.expiries[at];
            const bool is_past = reference_.market.now >= expiry.expiry && !settled_[at];
            const bool is_inside = expiry.expiry - reference_.market.now <= expiry.settlement_window && !is_past;
            passed_ += is_past ? 1U : 0U;
            averaged_ += is_inside && !settled_[at] && std::isfinite(expiry.settlement_average) ? 1U : 0U;
            if (!is_past || !source_.one_in(20)) continue;
            look();  // the peak knows of each event
            settle(at);
        }
    }

    // Every published number against full revaluation. `allowance` scales the published bound: 1 without
    // resync, 0 after it.
    void compare(const IncrementalBook& book, double allowance) {
        allowance_ = allowance;
        const BookValue want = value_book(reference_.book, reference_.market);
        const Bounded<AccountMetrics> account = book.account();
        near(account.value.usd.equity, want.usd, account.bound.usd.equity, kUsd, "equity_usd");
        gross_ = account.value.usd.gross;
        double gross = 0.0;
        double dollar = 0.0;
        for (std::size_t u = 0; u < 2; ++u) {
            const UnderlyingSlot slot{static_cast<std::uint16_t>(u)};
            const double index = reference_.market.underlyings[u].index;
            const BookSensitivities sums = book_sensitivities(reference_.book, reference_.market, slot);
            const double dollar_u = dollar_delta(slot, want.coin[u]);
            dollar += dollar_u;
            gross += sums.sums.gross_usd + sums.sums.gross_coins * index;
            compare_underlying(slot, book.underlying(slot), sums.sums, want.coin[u], dollar_u / index, index);
            const bool unvalued = (book.quality(slot) & kBookUnvalued) != 0;
            EXPECT_EQ(unvalued, sums.left_out > 0) << place();
        }
        for (std::size_t s = 0; s < 2; ++s) {
            const Bounded<double> got = book.equity_stable(StableSlot{static_cast<std::uint16_t>(s)});
            near(got.value, want.stable[s], got.bound, kUsd, "equity_stable");
            const Bounded<UsdVector> venue = book.venue(VenueSlot{static_cast<std::uint16_t>(s)});
            near(venue.value.equity, want.venue_usd[s], venue.bound.equity, kUsd, "venue_usd");
        }
        near(account.value.usd.gross, gross, account.bound.usd.gross, kUsd, "gross");
        if (want.usd > 1'000.0) {
            near(account.value.leverage_gross, gross / want.usd, account.bound.leverage_gross, kCoin, "leverage_gross");
            near(account.value.leverage_net, std::abs(dollar) / want.usd, account.bound.leverage_net, kCoin,
                 "leverage_net");
        }
        if (allowance > 0.0) {
            reference_.peak.on_equity(want.usd, 0.0);
            near(account.value.drawdown, reference_.peak.value(want.usd), account.bound.drawdown, kCoin, "drawdown");
        }
    }
    void compare_running() { compare(book_, 1.0); }
    void compare_resynced() {
        IncrementalBook copy = book_;
        copy.resync();
        compare(copy, 0.0);
        EXPECT_EQ(copy.quality() & kBookFault, 0) << place();
    }
    std::uint64_t kernels() const { return book_.work().kernels - kernels_before_; }
    std::uint64_t full_kernels() const { return full_kernels_; }
    std::uint64_t events_past_expiry() const { return passed_; }
    std::uint64_t events_averaging() const { return averaged_; }
    const IncrementalBook& book() const { return book_; }

private:
    static constexpr double kCoin = 1e-9;
    static constexpr double kUsd = 1e-5;
    static constexpr double kGross = 1e-9;         // of the gross
    static constexpr double kCompensated = 1e-24;  // of the largest gross that went through a sum of two words
    static constexpr std::size_t kGamma = offsetof(Sensitivities, gamma) / sizeof(double);

    std::string place() const { return "seed " + std::to_string(seed_) + " event " + std::to_string(events_); }
    void near(double got, double want, double bound, double floor, const char* what) {
        ASSERT_TRUE(std::isfinite(got)) << place() << ' ' << what;
        ASSERT_GE(bound, -floor) << place() << ' ' << what;
        const double allowed = allowance_ * bound + floor + 1e-9 * std::abs(want);
        ASSERT_NEAR(got, want, allowed) << place() << ' ' << what << " bound " << bound;
    }
    double dollar_delta(UnderlyingSlot slot, double coin) const {
        const double index = reference_.market.underlyings[static_cast<std::size_t>(slot)].index;
        double out = coin * index;
        for (std::size_t i = 0; i < rows(); ++i) {
            const Contract& contract = reference_.book.contracts[i];
            Sensitivities unit;
            if (contract.underlying != slot || reference_.book.holdings[i].quantity == 0.0) continue;
            if (!contract_sensitivities(contract, reference_.market.quotes[i], reference_.market, unit)) continue;
            const double stable = contract.stable == StableSlot::none
                                      ? 0.0
                                      : reference_.market.stables[static_cast<std::size_t>(contract.stable)];
            out += reference_.book.holdings[i].quantity * (unit.delta_inverse * index + unit.delta_linear_usd * stable);
        }
        return out;
    }
    // What a sum of greeks is rounded relative to: the magnitudes of its terms. A floor in coins would say nothing of
    // gamma_coin, which is 1e-10 per contract.
    SensitivityArray gross_greeks(UnderlyingSlot slot) const {
        SensitivityArray out{};
        for (std::size_t i = 0; i < rows(); ++i) {
            const Contract& contract = reference_.book.contracts[i];
            const double quantity = reference_.book.holdings[i].quantity;
            Sensitivities unit;
            if (contract.underlying != slot || quantity == 0.0) continue;
            if (!contract_sensitivities(contract, reference_.market.quotes[i], reference_.market, unit)) continue;
            const auto terms = std::bit_cast<SensitivityArray>(unit);
            for (std::size_t k = 0; k < kSensitivitiesCount; ++k) out[k] += std::abs(quantity * terms[k]);
        }
        return out;
    }
    void compare_underlying(UnderlyingSlot slot, const Bounded<UnderlyingMetrics>& got, const Sensitivities& want,
                            double coin, double delta_usd, double index) {
        const auto value = std::bit_cast<SensitivityArray>(got.value.greeks);
        const auto bound = std::bit_cast<SensitivityArray>(got.bound.greeks);
        const auto wanted = std::bit_cast<SensitivityArray>(want);
        const SensitivityArray gross = gross_greeks(slot);
        SensitivityArray floor;
        for (std::size_t i = 0; i < kSensitivitiesCount; ++i) {
            double& most = gross_most_[static_cast<std::size_t>(slot)][i];
            most = std::max(most, gross[i]);
            floor[i] = kGross * gross[i] + kCompensated * most;
            near(value[i], wanted[i], bound[i], floor[i], ("greek " + std::to_string(i)).c_str());
        }
        near(got.value.equity_coin, coin, got.bound.equity_coin, kCoin, "equity_coin");
        near(got.value.delta_usd, delta_usd, got.bound.delta_usd, kCoin, "delta_usd");
        const double points = index * index / 100.0;
        near(got.value.gamma_1pct_usd, want.gamma * points, got.bound.gamma_1pct_usd, floor[kGamma] * points,
             "gamma_1pct");
    }

    std::size_t expiries() const { return source_.market.expiries.size(); }
    double step_of(double share) { return std::exp(std::normal_distribution<double>{0.0, share}(source_.random)); }
    double price_move() { return source_.one_in(200) ? 1.0 + source_.uniform(-0.02, 0.02) : step_of(3e-4); }

    void tick_clock() {
        if (source_.one_in(2)) return;
        const bool far = source_.one_in(250);
        const double seconds = far ? 60.0 : source_.uniform(0.0, 1.0);
        const UnixNanos now = reference_.market.now + std::chrono::nanoseconds{std::llround(seconds * 1e9)};
        reference_.market.now = now;
        EXPECT_EQ(book_.on_clock(now), BookStatus::applied);
        look();
    }
    void look() { reference_.peak.on_equity(value_book(reference_.book, reference_.market).usd, 0.0); }
    void forward(std::size_t at) {
        if (settled_[at]) return;
        double& price = reference_.market.expiries[at].forward;
        price *= price_move();
        EXPECT_EQ(book_.on_forward(ExpirySlot(at), price), BookStatus::applied);
    }
    void mark(std::size_t row) {
        const Contract& contract = reference_.book.contracts[row];
        if (is_option(contract.kind) || is_cash(contract.kind) || is_settled(row)) return;
        double& price = reference_.market.quotes[row].mark;
        price *= price_move();
        EXPECT_EQ(book_.on_mark(ContractSlot(row), price), BookStatus::applied);
    }
    void index() {
        if (source_.one_in(5)) {
            const std::size_t at = source_.below(2);
            reference_.market.stables[at] *= step_of(1e-4);
            EXPECT_EQ(book_.on_stable(StableSlot(at), reference_.market.stables[at]), BookStatus::applied);
            return;
        }
        const std::size_t at = source_.below(2);
        double& price = reference_.market.underlyings[at].index;
        price *= price_move();
        EXPECT_EQ(book_.on_index(UnderlyingSlot(at), price), BookStatus::applied);
    }
    void volatility(std::size_t row) {
        if (!is_option(reference_.book.contracts[row].kind) || is_settled(row)) return;
        double& volatility = reference_.market.quotes[row].volatility;
        volatility = std::clamp(volatility * step_of(3e-3), 0.1, 4.0);
        EXPECT_EQ(book_.on_volatility(ContractSlot(row), volatility), BookStatus::applied);
    }
    void shift() {
        const std::size_t at = source_.below(expiries());
        if (settled_[at]) return;
        const double shift = source_.uniform(-0.002, 0.002);
        for (std::size_t i = 0; i < rows(); ++i) {
            const Contract& contract = reference_.book.contracts[i];
            if (is_option(contract.kind) && contract.expiry == ExpirySlot(at))
                reference_.market.quotes[i].volatility += shift;
        }
        EXPECT_EQ(book_.on_volatility_shift(ExpirySlot(at), shift), BookStatus::applied);
    }
    void fill(std::size_t row) {
        const Contract& contract = reference_.book.contracts[row];
        if (is_cash(contract.kind) || is_settled(row)) return;
        const double held = reference_.book.holdings[row].quantity;
        double quantity = std::round(source_.uniform(-20.0, 20.0));
        if (contract.kind == ContractKind::inverse_future) quantity *= 50.0;
        if (contract.kind == ContractKind::liquidity) quantity = std::abs(quantity);
        if (source_.one_in(4)) quantity = -held;
        if (quantity == 0.0) return;
        double price = 0.02;
        if (contract.kind == ContractKind::linear_option) price = 300.0;
        if (contract.kind == ContractKind::liquidity) price = 100.0;
        const double mark = reference_.market.quotes[row].mark;
        if (!is_option(contract.kind) && contract.kind != ContractKind::liquidity) price = mark * step_of(1e-3);
        const double fee = settles_in_coin(contract.kind) ? source_.uniform(-1e-5, 1e-4) : source_.uniform(-0.1, 1.0);
        reference_.fill(row, quantity, price, fee);
        EXPECT_EQ(book_.on_fill(ContractSlot(row), quantity, price, fee), BookStatus::applied);
    }
    void account() {
        for (int tries = 0; tries < 10; ++tries) {
            const std::size_t row = source_.below(rows());
            const Contract& contract = reference_.book.contracts[row];
            if (is_cash(contract.kind)) {
                const double amount =
                    settles_in_coin(contract.kind) ? source_.uniform(-0.5, 0.5) : source_.uniform(-900.0, 900.0);
                const double before = value_book(reference_.book, reference_.market).usd;
                reference_.book.holdings[row].quantity += amount;
                const double after = value_book(reference_.book, reference_.market).usd;
                reference_.peak.on_flow(after - before, before, 0.0);
                EXPECT_EQ(book_.on_cash(ContractSlot(row), amount), BookStatus::applied);
                return;
            }
            const bool perpetual =
                contract.expiry == ExpirySlot::none &&
                (contract.kind == ContractKind::linear_future || contract.kind == ContractKind::inverse_future);
            if (!perpetual) continue;
            const double rate = source_.uniform(-2e-4, 4e-4);
            const double mark = reference_.market.quotes[row].mark;
            const double size = reference_.book.holdings[row].quantity * contract.multiplier;
            reference_.pay(row, -rate * (contract.kind == ContractKind::inverse_future ? size / mark : size * mark));
            EXPECT_EQ(book_.on_funding(ContractSlot(row), rate), BookStatus::applied);
            return;
        }
    }
    void nonsense() {
        constexpr std::array kBad{kNaN, -1.0, 0.0, std::numeric_limits<double>::infinity(), 1e300};
        const double bad = kBad[source_.below(kBad.size())];
        const std::size_t row = source_.below(rows());
        EXPECT_NE(book_.on_index(UnderlyingSlot(source_.below(2)), bad), BookStatus::applied);
        EXPECT_NE(book_.on_forward(ExpirySlot(source_.below(expiries())), bad), BookStatus::applied);
        EXPECT_NE(book_.on_mark(ContractSlot(row), bad), BookStatus::applied);
        EXPECT_NE(book_.on_volatility(ContractSlot(row), bad), BookStatus::applied);
        EXPECT_NE(book_.on_fill(ContractSlot(row), kNaN, 1.0, 0.0), BookStatus::applied);
        EXPECT_NE(book_.on_fill(ContractSlot(row), 1.0, kNaN, 0.0), BookStatus::applied);
        EXPECT_NE(book_.on_cash(ContractSlot(row), kNaN), BookStatus::applied);
        EXPECT_NE(book_.on_clock(reference_.market.now + std::chrono::nanoseconds{-1}), BookStatus::applied);
        book_.mark_stale(ContractSlot(row));
        EXPECT_NE(book_.quality() & (kBookRefused | kBookClock), 0) << place();
    }
    void average() {
        const std::size_t at = source_.below(expiries());
        ExpiryMarket& expiry = reference_.market.expiries[at];
        if (settled_[at] || expiry.settlement_window.count() == 0) return;
        expiry.settlement_average = expiry.forward * step_of(1e-3);
        EXPECT_EQ(book_.on_settlement_average(ExpirySlot(at), expiry.settlement_average), BookStatus::applied);
    }
    void settle(std::size_t at) {
        if (settled_[at]) return;
        settled_[at] = true;
        const double price = reference_.market.expiries[at].forward * step_of(1e-3);
        reference_.settle(ExpirySlot(at), price);
        EXPECT_EQ(book_.on_settlement(ExpirySlot(at), price), BookStatus::applied);
    }
    bool is_settled(std::size_t row) const {
        const ExpirySlot expiry = reference_.book.contracts[row].expiry;
        return expiry != ExpirySlot::none && settled_[static_cast<std::size_t>(expiry)];
    }

    test::RandomBook source_;
    test::ReferenceBook reference_;
    IncrementalBook book_;
    std::uint64_t seed_;
    std::uint64_t events_{0};
    std::uint64_t kernels_before_{0};
    std::uint64_t full_kernels_{0};
    std::uint64_t passed_{0};
    std::uint64_t averaged_{0};
    std::vector<bool> settled_;
    double allowance_{1.0};
    double gross_{0.0};
    std::array<SensitivityArray, 2> gross_most_{};
};

TEST(IncrementalBookPropertyTest, StaysWithinItsBoundsAndIsExactAfterResync) {
    std::uint64_t kernels = 0;
    std::uint64_t full = 0;
    std::uint64_t anchors = 0;
    std::uint64_t passed = 0;
    std::uint64_t averaged = 0;
    for (std::uint64_t seed = 1; seed <= kStreams && !::testing::Test::HasFailure(); ++seed) {
        // Every second book keeps its expansions to the edge of their radius, whatever their error: the bound
        // must hold there too. The share of pricings counts the others.
        BookRules rules;
        if (seed % 2 == 0) rules.value_share = 1.0;
        // Half of the books, of each kind, see an averaging window and an expiry pass.
        const bool delivering = seed % 4 < 2;
        Stream stream{seed, rules, delivering};
        for (int event = 1; event <= kEvents && !::testing::Test::HasFailure(); ++event) {
            stream.step();
            stream.compare_running();
            if (event % 100 == 0) stream.compare_resynced();
        }
        passed += stream.events_past_expiry();
        averaged += stream.events_averaging();
        if (seed % 2 == 0 || delivering) continue;
        kernels += stream.kernels();
        full += stream.full_kernels();
        anchors += stream.book().work().anchors;
    }
    const double share = static_cast<double>(kernels) / static_cast<double>(full);
    EXPECT_LE(share, 0.05);
    EXPECT_GT(passed, kStreams);
    EXPECT_GT(averaged, kStreams);
    std::cout << "[ property ] " << kStreams << " streams of " << kEvents << " events; kernels " << share
              << " of full revaluation, " << static_cast<double>(anchors) / (kStreams / 4 * kEvents)
              << " anchors per event; " << averaged << " events in an averaging window, " << passed
              << " past an expiry\n";
    RecordProperty("kernel_share", std::to_string(share));
}

}  // namespace
}  // namespace keel::risk
