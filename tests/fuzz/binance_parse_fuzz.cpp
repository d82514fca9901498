#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "connectors/binance_usdm/depth_chain.hpp"
#include "connectors/binance_usdm/parse.hpp"
#include "connectors/binance_usdm/reference.hpp"
#include "engine/core/assert.hpp"

namespace {

using namespace keel;
namespace binance = connectors::binance;

// What lives through all inputs: a decoder is reused in production too, after good and bad frames alike.
struct Target {
    Target() {
        for (const char* symbol : {"BTCUSDT", "ETHUSDT", "SUSHIUSDT"}) add(symbol, {1, -2}, {1, -3});
        for (const char* symbol : {"BTCUSD_PERP", "ETHUSD_PERP", "BTCUSD_210924"}) add(symbol, {5, -1}, {1, 0});
        decoder = std::make_unique<binance::Decoder>(table, VenueId::binance_usdm);
        reference.symbols.clear();
    }
    void add(const char* symbol, Decimal tick, Decimal lot) {
        binance::Config config;
        binance::InstrumentDefinition definition;
        definition.symbol = symbol;
        definition.base = "BTC";
        definition.quote = "USDT";
        definition.settlement = "USDT";
        definition.tick = tick;
        definition.lot = lot;
        config.instruments.push_back(definition);
        KEEL_ASSERT(binance::define_instruments(config, table).has_value());
    }
    // Every event of a decoded message is about a known instrument, and brackets close.
    void check(const Result<binance::Message>& message) const {
        if (!message) {
            KEEL_ASSERT(batch.empty());
            return;
        }
        for (const Event& event : batch.events()) {
            KEEL_ASSERT(slot(event.instrument) < table.size());
            KEEL_ASSERT(event.kind != EventKind::none);
        }
        const bool depth = message->kind == binance::MessageKind::depth_update ||
                           message->kind == binance::MessageKind::depth_snapshot;
        if (!depth) return;
        KEEL_ASSERT(!batch.empty());
        KEEL_ASSERT(batch.events().front().has(kFirst) && batch.events().back().has(kLast));
    }

    InstrumentTable table;
    std::unique_ptr<binance::Decoder> decoder;
    binance::Config reference;
    EventBatch batch;
};

// Exactly the bytes that the decoder may read, so that the sanitizer sees one more.
class ExactText {
public:
    ExactText(const std::uint8_t* data, std::size_t size)
        : bytes_{std::make_unique<char[]>(size + binance::kPaddingBytes)}, size_{size} {
        std::memcpy(bytes_.get(), data, size);
    }
    [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Target target;
    const ExactText text{data, size};

    target.batch.clear();
    const auto frame = target.decoder->frame(text.view(), target.batch);
    target.check(frame);
    if (frame && frame->kind == binance::MessageKind::depth_update) {
        binance::DepthChain chain{VenueId::binance_usdm, frame->instrument};
        chain.on_update(*frame, 0, target.batch);
        KEEL_ASSERT(chain.wants_snapshot() && target.batch.empty());
    }

    target.batch.clear();
    target.check(target.decoder->snapshot(text.view(), InstrumentId{0}, target.batch));

    // A table reserves room for thousands of rows: only for what might fill it.
    if (text.view().find("symbols") == std::string_view::npos) return 0;
    InstrumentTable listed;
    static_cast<void>(binance::read_exchange_info(text.view(), target.reference, listed));
    return 0;
}
