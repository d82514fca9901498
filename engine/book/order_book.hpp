#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/core/counted.hpp"
#include "engine/core/result.hpp"
#include "engine/events/event.hpp"

namespace keel {

struct PriceLevel {
    Price price{};
    Quantity quantity{};
    friend bool operator==(const PriceLevel&, const PriceLevel&) = default;
};

// Best level of each side; an empty side has quantity 0.
struct Top {
    PriceLevel bid{};
    PriceLevel ask{};
    [[nodiscard]] bool two_sided() const { return bid.quantity.count() > 0 && ask.quantity.count() > 0; }
    [[nodiscard]] bool crossed() const { return two_sided() && bid.price >= ask.price; }
    friend bool operator==(const Top&, const Top&) = default;
};

enum class BookState : std::uint8_t { empty, building, valid, stale };

// Price levels of one instrument, two sorted flat arrays with the best level at the end: changes near
// either end move few levels. Levels arrive in messages bracketed by kFirst and kLast; the
// chain of sequences is judged at kFirst, crossing at kLast. After any error the book is stale: it
// refuses level updates until a snapshot rebuilds it.
// Thread: core. Allocates: at construction only.
class OrderBook {
public:
    explicit OrderBook(std::size_t levels_max);

    // One book_snapshot or level_update event. Returns true when it completes a message (kLast) and the
    // book is valid. An update must name the sequence of the last whole message as its previous one; an
    // update without a previous sequence (0) must only be newer. Errors, each leaves the book stale:
    // sequence_gap (detail: the sequence that was named), book_stale (an update without a snapshot),
    // book_full, book_crossed.
    Result<bool> apply(const Event& event);
    void mark_stale();

    [[nodiscard]] BookState state() const { return state_; }
    [[nodiscard]] bool valid() const { return state_ == BookState::valid; }
    [[nodiscard]] Top top() const;
    // Levels from worst to best: the best is back().
    [[nodiscard]] std::span<const PriceLevel> levels(Side side) const;
    [[nodiscard]] std::uint64_t sequence() const { return sequence_; }  // of the last whole message
    [[nodiscard]] UnixNanos updated() const { return updated_; }        // receive time of the last event
    [[nodiscard]] UnixNanos exchange_time() const { return exchange_time_; }
    // Removals of levels that were not there: legal on Deribit, counted.
    [[nodiscard]] std::uint64_t missing_removals() const { return missing_removals_; }

private:
    // One side. The levels lie somewhere in the middle of their room, so that the ladder grows and
    // shrinks at either end: a change moves the shorter of what lies above and below it, and a snapshot
    // may come best level first.
    struct Ladder {
        explicit Ladder(std::size_t levels_max);
        PriceLevel* open_gap(std::size_t at);
        void close_gap(std::size_t at);
        void clear() {
            worst = slots / 2;
            size = 0;
        }
        [[nodiscard]] std::span<PriceLevel> view() const { return {levels.get() + worst, size}; }

        std::size_t slots;
        std::unique_ptr<PriceLevel[]> levels;
        std::size_t worst{0};  // slot of the worst level
        std::size_t size{0};
    };
    enum class Change : std::uint8_t { done, missing, full };

    // Judges the first event of a message: does it follow what is known?
    Result<bool> begin(EventKind kind, std::uint64_t sequence, std::uint64_t previous);
    Result<bool> refuse(Errc code, std::uint64_t detail);
    Change set_level(Side side, Price price, Quantity quantity);

    std::size_t levels_max_;
    Ladder bids_;
    Ladder asks_;
    BookState state_{BookState::empty};
    std::uint64_t sequence_{0};
    std::uint64_t sequence_pending_{0};  // of the message being applied
    UnixNanos updated_{};
    UnixNanos exchange_time_{};
    std::uint64_t missing_removals_{0};
};

}  // namespace keel
