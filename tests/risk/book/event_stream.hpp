#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "tests/risk/book/input_flags.hpp"
#include "tests/risk/book/random_book.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk::test {

// A random stream of events, each applied to an incremental book and to a plain one. Ticks move a forward or a mark by
// 3 bp (standard deviation) and come 250 ms apart on average; a quoted volatility moves by 0.3 %, a surface by
// 0.2 points; now and then a price jumps by 2 %, the clock by a minute, an input is nonsense, a stream has a gap. What
// was refused or missed comes good a few events later.
class EventStream {
public:
    // `delivering`: an averaging window and an expiry pass. `unquoted`: some contracts have no quote at first.
    EventStream(std::uint64_t seed, const BookRules& rules, bool delivering, bool unquoted)
        : source_{start(seed, delivering, unquoted)},
          reference_{source_},
          flags_{reference_.book, reference_.market},
          book_{source_.book, source_.market, rules},
          seed_{seed} {
        settled_.resize(source_.market.expiries.size());
        // Half of the contracts are held from the start.
        for (std::size_t i = 0; i < rows(); ++i) {
            if (source_.one_in(2)) fill(i);
            look();
        }
    }
    // One event, before it the clock and after it what heals or is settled; `check` is called after each of them.
    template <class Check>
    void step(const Check& check) {
        ++events_;
        if (tick_clock()) check();
        event();
        look();  // the peak knows of each event
        check();
        if (!doubts_.empty() && source_.one_in(2)) {
            heal();
            look();
            check();
        }
        // What has expired is delivered a few events later; until then it stands at its intrinsic value.
        for (std::size_t at = 0; at < expiries(); ++at) {
            const ExpiryMarket& expiry = reference_.market.expiries[at];
            const bool is_past = reference_.market.now >= expiry.expiry && !settled_[at];
            const bool is_inside = expiry.expiry - reference_.market.now <= expiry.settlement_window && !is_past;
            passed_ += is_past ? 1U : 0U;
            averaged_ += is_inside && !settled_[at] && std::isfinite(expiry.settlement_average) ? 1U : 0U;
            if (!is_past || !source_.one_in(20)) continue;
            settle(at);
            look();
            check();
        }
    }

    const IncrementalBook& book() const { return book_; }
    ReferenceBook& reference() { return reference_; }
    const InputFlags& flags() const { return flags_; }
    bool clock_went_back() const { return clock_went_back_; }
    std::uint64_t events_past_expiry() const { return passed_; }
    std::uint64_t events_averaging() const { return averaged_; }
    std::uint64_t gaps_healed() const { return gaps_healed_; }
    std::string place() const { return "seed " + std::to_string(seed_) + " event " + std::to_string(events_); }

private:
    static RandomBook start(std::uint64_t seed, bool delivering, bool unquoted) {
        RandomBook out{seed, delivering};
        for (ContractQuote& quote : out.market.quotes) {
            if (unquoted && out.one_in(8)) quote = {};
        }
        return out;
    }
    std::size_t rows() const { return source_.book.contracts.size(); }
    std::size_t expiries() const { return source_.market.expiries.size(); }
    const Contract& contract(std::size_t row) const { return reference_.book.contracts[row]; }
    bool is_settled(std::size_t row) const {
        const ExpirySlot expiry = contract(row).expiry;
        return expiry != ExpirySlot::none && settled_[static_cast<std::size_t>(expiry)];
    }
    double step_of(double share) { return std::exp(std::normal_distribution<double>{0.0, share}(source_.random)); }
    double price_move() { return source_.one_in(200) ? 1.0 + source_.uniform(-0.02, 0.02) : step_of(3e-4); }
    void look() { reference_.peak.on_equity(value_book(reference_.book, reference_.market).usd, 0.0); }

    void event() {
        switch (source_.below(20)) {
            case 0: fill(source_.below(rows())); break;
            case 1:
            case 2: volatility(source_.below(rows())); break;
            case 3: shift(); break;
            case 4:
            case 5: source_.one_in(5) ? stable(source_.below(2)) : index(source_.below(2)); break;
            case 6:
            case 7:
            case 8: mark(source_.below(rows())); break;
            case 9: source_.one_in(2) ? cash(source_.below(rows())) : funding(source_.below(rows())); break;
            case 10: source_.one_in(2) ? nonsense() : gap(); break;
            case 11:
                if (source_.one_in(20)) settle(source_.below(expiries()));
                break;
            case 12: average(); break;
            default: forward(source_.below(expiries())); break;
        }
    }

    // A good value of an input was taken, and what was doubtful about it is over.
    template <class At>
    void good(At slot, BookStatus status) {
        EXPECT_EQ(status, BookStatus::applied) << place();
        gaps_healed_ += flags_.of(slot).stale ? 1U : 0U;
        flags_.of(slot) = {};
    }
    // A bad one was not. Where there is such an input, it is flagged.
    template <class At>
    void bad(At slot, BookStatus status) {
        EXPECT_NE(status, BookStatus::applied) << place();
        if (status != BookStatus::refused) return;
        flags_.of(slot).refused = true;
        doubts_.emplace_back(slot);
    }

    bool tick_clock() {
        if (source_.one_in(2)) return false;
        const bool far = source_.one_in(250);
        const double seconds = far ? 60.0 : source_.uniform(0.0, 1.0);
        const UnixNanos now = reference_.market.now + std::chrono::nanoseconds{std::llround(seconds * 1e9)};
        reference_.market.now = now;
        EXPECT_EQ(book_.on_clock(now), BookStatus::applied);
        look();
        return true;
    }
    void forward(std::size_t at) {
        if (settled_[at]) return;
        double& price = reference_.market.expiries[at].forward;
        price *= price_move();
        good(ExpirySlot(at), book_.on_forward(ExpirySlot(at), price));
    }
    void mark(std::size_t row) {
        if (is_option(contract(row).kind) || is_cash(contract(row).kind) || is_settled(row)) return;
        double& price = reference_.market.quotes[row].mark;
        if (std::isnan(price)) {
            price = reference_.market.underlyings[static_cast<std::size_t>(contract(row).underlying)].index;
        }
        price *= price_move();
        good(ContractSlot(row), book_.on_mark(ContractSlot(row), price));
    }
    void stable(std::size_t at) {
        reference_.market.stables[at] *= step_of(1e-4);
        good(StableSlot(at), book_.on_stable(StableSlot(at), reference_.market.stables[at]));
    }
    void index(std::size_t at) {
        double& price = reference_.market.underlyings[at].index;
        price *= price_move();
        good(UnderlyingSlot(at), book_.on_index(UnderlyingSlot(at), price));
    }
    void volatility(std::size_t row) {
        if (!is_option(contract(row).kind) || is_settled(row)) return;
        double& volatility = reference_.market.quotes[row].volatility;
        volatility = std::isnan(volatility) ? 0.6 : std::clamp(volatility * step_of(3e-3), 0.1, 4.0);
        good(ContractSlot(row), book_.on_volatility(ContractSlot(row), volatility));
    }
    void shift() {
        const std::size_t at = source_.below(expiries());
        if (settled_[at]) return;
        const double shift = source_.uniform(-0.002, 0.002);
        for (std::size_t i = 0; i < rows(); ++i) {
            if (is_option(contract(i).kind) && contract(i).expiry == ExpirySlot(at)) {
                reference_.market.quotes[i].volatility += shift;
            }
        }
        // A step from the last value: no good value of anything that was missed.
        EXPECT_EQ(book_.on_volatility_shift(ExpirySlot(at), shift), BookStatus::applied);
    }
    void fill(std::size_t row) {
        const ContractKind kind = contract(row).kind;
        if (is_cash(kind) || is_settled(row)) return;
        const bool premium = is_option(kind) || kind == ContractKind::liquidity;
        const double mark = reference_.market.quotes[row].mark;
        if (!premium && std::isnan(mark)) return;
        double quantity = std::round(source_.uniform(-20.0, 20.0));
        if (kind == ContractKind::inverse_future) quantity *= 50.0;
        if (kind == ContractKind::liquidity) quantity = std::abs(quantity);
        if (source_.one_in(4)) quantity = -reference_.book.holdings[row].quantity;
        if (quantity == 0.0) return;
        double price = premium ? 0.02 : mark * step_of(1e-3);
        if (kind == ContractKind::linear_option) price = 300.0;
        if (kind == ContractKind::liquidity) price = 100.0;
        const double fee = settles_in_coin(kind) ? source_.uniform(-1e-5, 1e-4) : source_.uniform(-0.1, 1.0);
        reference_.fill(row, quantity, price, fee);
        EXPECT_EQ(book_.on_fill(ContractSlot(row), quantity, price, fee), BookStatus::applied);
    }
    void cash(std::size_t row) {
        while (!is_cash(contract(row).kind)) row = source_.below(rows());
        const double amount =
            settles_in_coin(contract(row).kind) ? source_.uniform(-0.5, 0.5) : source_.uniform(-900.0, 900.0);
        const double before = value_book(reference_.book, reference_.market).usd;
        reference_.book.holdings[row].quantity += amount;
        const double after = value_book(reference_.book, reference_.market).usd;
        reference_.peak.on_flow(after - before, before, 0.0);
        good(ContractSlot(row), book_.on_cash(ContractSlot(row), amount));
    }
    bool is_perpetual(std::size_t row) const {
        const ContractKind kind = contract(row).kind;
        return contract(row).expiry == ExpirySlot::none &&
               (kind == ContractKind::linear_future || kind == ContractKind::inverse_future);
    }
    void funding(std::size_t row) {
        while (!is_perpetual(row)) row = source_.below(rows());
        const double rate = source_.uniform(-2e-4, 4e-4);
        const double mark = reference_.market.quotes[row].mark;
        if (std::isnan(mark)) return bad(ContractSlot(row), book_.on_funding(ContractSlot(row), rate));
        const double size = reference_.book.holdings[row].quantity * contract(row).multiplier;
        const bool inverse = contract(row).kind == ContractKind::inverse_future;
        reference_.pay(row, -rate * (inverse ? size / mark : size * mark));
        EXPECT_EQ(book_.on_funding(ContractSlot(row), rate), BookStatus::applied);
    }
    void average() {
        const std::size_t at = source_.below(expiries());
        ExpiryMarket& expiry = reference_.market.expiries[at];
        if (settled_[at] || expiry.settlement_window.count() == 0) return;
        expiry.settlement_average = expiry.forward * step_of(1e-3);
        good(ExpirySlot(at), book_.on_settlement_average(ExpirySlot(at), expiry.settlement_average));
    }
    void settle(std::size_t at) {
        if (settled_[at]) return;
        settled_[at] = true;
        const double price = reference_.market.expiries[at].forward * step_of(1e-3);
        reference_.settle(ExpirySlot(at), price);
        EXPECT_EQ(book_.on_settlement(ExpirySlot(at), price), BookStatus::applied);
        flags_.settle(ExpirySlot(at));
    }

    void nonsense() {
        using keel::test::kNaN;
        constexpr std::array kBad{kNaN, -1.0, 0.0, std::numeric_limits<double>::infinity(), 1e300};
        const double number = kBad[source_.below(kBad.size())];
        const auto row = ContractSlot(source_.below(rows()));
        const auto expiry = ExpirySlot(source_.below(expiries()));
        const auto underlying = UnderlyingSlot(source_.below(2));
        const auto stable = StableSlot(source_.below(2));
        bad(underlying, book_.on_index(underlying, number));
        bad(stable, book_.on_stable(stable, number));
        bad(expiry, book_.on_forward(expiry, number));
        bad(expiry, book_.on_settlement_average(expiry, number));
        bad(expiry, book_.on_settlement(expiry, number));
        bad(expiry, book_.on_volatility_shift(expiry, number == 0.0 ? kNaN : 10.0 * number));
        bad(row, book_.on_mark(row, number));
        bad(row, book_.on_volatility(row, number));
        bad(row, book_.on_fill(row, kNaN, 1.0, 0.0));
        bad(row, book_.on_fill(row, 1.0, kNaN, 0.0));
        bad(row, book_.on_funding(row, number == 0.0 ? kNaN : 2.0 * number));
        bad(row, book_.on_cash(row, kNaN));
        EXPECT_NE(book_.on_clock(reference_.market.now + std::chrono::nanoseconds{-1}), BookStatus::applied);
        clock_went_back_ = true;
    }
    // The stream of an input breaks off.
    void gap() {
        switch (source_.below(3)) {
            case 0: return lose(ContractSlot(source_.below(rows())));
            case 1: return lose(ExpirySlot(source_.below(expiries())));
            default: return lose(UnderlyingSlot(source_.below(2)));
        }
    }
    template <class At>
    void lose(At slot) {
        book_.mark_stale(slot);
        if (is_over(slot)) return;
        flags_.of(slot).stale = true;
        doubts_.emplace_back(slot);
    }
    bool is_over(ContractSlot slot) const { return is_settled(static_cast<std::size_t>(slot)); }
    bool is_over(ExpirySlot slot) const { return settled_[static_cast<std::size_t>(slot)]; }
    bool is_over(UnderlyingSlot) const { return false; }
    void heal() {
        std::visit([this](auto slot) { come_good(slot); }, doubts_.front());
        doubts_.pop_front();
    }
    void come_good(UnderlyingSlot slot) { index(static_cast<std::size_t>(slot)); }
    void come_good(StableSlot slot) { stable(static_cast<std::size_t>(slot)); }
    void come_good(ExpirySlot slot) { forward(static_cast<std::size_t>(slot)); }
    void come_good(ContractSlot slot) {
        const auto row = static_cast<std::size_t>(slot);
        const ContractKind kind = contract(row).kind;
        is_cash(kind) ? cash(row) : is_option(kind) ? volatility(row) : mark(row);
    }

    RandomBook source_;
    ReferenceBook reference_;
    InputFlags flags_;
    IncrementalBook book_;
    std::uint64_t seed_;
    std::uint64_t events_{0}, passed_{0}, averaged_{0}, gaps_healed_{0};
    bool clock_went_back_{false};
    std::vector<bool> settled_;
    std::deque<std::variant<ContractSlot, ExpirySlot, UnderlyingSlot, StableSlot>> doubts_;
};

}  // namespace keel::risk::test
