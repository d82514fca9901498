#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/binance_usdm/config.hpp"
#include "connectors/binance_usdm/depth_chain.hpp"
#include "engine/book/order_book.hpp"
#include "engine/core/instrument_table.hpp"
#include "simulator/replay/recording.hpp"

namespace keel::test {

// What the recorded data say that a capture's books must be in the end, for one symbol.
struct ExpectedBook {
    std::string symbol;
    std::uint64_t updates{0};
    std::uint64_t gaps{0};
    std::uint64_t dropped{0};
    std::uint64_t applied{0};
    std::uint64_t snapshot_id{0};
    std::uint64_t last_id{0};
    bool first_applied_ok{false};
    std::size_t bid_levels{0};
    std::size_t ask_levels{0};
    std::vector<std::pair<std::string, std::string>> bids;  // price and quantity, best first
    std::vector<std::pair<std::string, std::string>> asks;
};

// One Binance capture below KEEL_DATA and its expected books.
struct Capture {
    std::filesystem::path file;
    std::string name;  // "binance/raw_usdm_btcusdt_20240808.gz"
    std::vector<ExpectedBook> books;
};

// Every raw_*.gz and cryptofeed_BINANCE_* file below binance/, with its entry of expected_books.json
// (empty where it has none).
std::vector<Capture> binance_captures();

// A configuration that subscribes to everything that a capture holds. Instruments are described in it
// where the capture has no exchangeInfo.
connectors::binance::Config config_for(const Capture& capture, const simulator::Recording& recording);

// Fails the running test where a chain and its book differ from what is expected.
void expect_book(const ExpectedBook& expected, const connectors::binance::DepthCounters& counters,
                 const OrderBook& book, const Instrument& instrument);

// Text followed by the bytes that the JSON parser may read.
class PaddedText {
public:
    explicit PaddedText(std::string_view text) : text_{text}, size_{text.size()} {
        text_.append(connectors::binance::kPaddingBytes, '\0');
    }
    [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

private:
    std::string text_;
    std::size_t size_;
};

}  // namespace keel::test
