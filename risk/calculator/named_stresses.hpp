#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "risk/options/chain_kernel.hpp"
#include "risk/stress/named_stress.hpp"

namespace keel::risk {

// Whether a stress moves prices, volatilities, stablecoins and funding alone: its profit needs nothing but the book.
[[nodiscard]] bool is_price_stress(const StressDefinition& definition);

// What a book gains in each named stress of prices, kept as the worth of each of its parts (the options of an expiry,
// whatever else an underlying has, cash in stablecoins) in each of these worlds and in that of now, in the ledgers that
// they settle in. Definition: run_stresses() of the same holdings in the same market.
// Thread: core. Allocates: at construction only.
class NamedStresses {
public:
    // Of `definitions` those that are price stresses. Book and market outlive this; contracts never change.
    NamedStresses(const Book& book, const MarketState& market, std::span<const StressDefinition> definitions);

    // The part has moved: it is priced anew in every world. O(stresses x rows) each. `rows` are its contracts.
    void refresh(ExpirySlot expiry, std::span<const std::size_t> rows);
    void refresh(UnderlyingSlot underlying, std::span<const std::size_t> rows);
    void refresh_cash(std::span<const std::size_t> rows);

    [[nodiscard]] std::size_t size() const { return worlds_.size() - 1; }
    [[nodiscard]] std::string_view id(std::size_t stress) const { return worlds_[stress + 1].definition.id; }
    // USD, at the indices and stablecoins of the market; a coin without an index counts nothing. O(parts x
    // stablecoins).
    [[nodiscard]] double pnl_usd(std::size_t stress) const;
    // A part could not be priced: its last good worth stands.
    [[nodiscard]] bool stale() const;

private:
    struct World {
        StressDefinition definition{};
        StressMoves moves{};
    };
    // What one part is worth in its coin and in each stablecoin, and what is paid for it, in one world.
    [[nodiscard]] std::span<double> worth(std::size_t world, std::size_t part) {
        return {worth_.data() + (world * parts_ + part) * ledgers_, ledgers_};
    }
    [[nodiscard]] std::size_t underlying_part(std::size_t underlying) const {
        return market_.expiries.size() + underlying;
    }
    [[nodiscard]] std::size_t cash_part() const { return parts_ - 1; }
    [[nodiscard]] double coin_usd(const World& world, std::size_t underlying) const;
    [[nodiscard]] double stable_usd(const World& world, std::size_t stable) const;
    [[nodiscard]] double value_usd(std::size_t world) const;
    [[nodiscard]] double funding_usd(const World& world, std::size_t row) const;
    void take(std::size_t part);

    const Book& book_;
    const MarketState& market_;
    std::vector<World> worlds_;        // the first one is that of now
    std::size_t ledgers_;              // of a part: its coin, then each stablecoin
    std::size_t parts_;                // expiries, then underlyings, then cash in stablecoins
    std::vector<double> worth_;        // worlds x parts x ledgers
    std::vector<double> next_;         // the same of the part under way
    std::vector<double> paid_usd_;     // worlds x underlyings: funding
    std::vector<std::uint8_t> stale_;  // by part
    OptionChain chain_;
    struct Held {
        double coins{0.0};
        std::size_t ledger{0};
    };
    std::vector<Held> held_;  // parallel to chain_
};

}  // namespace keel::risk
