#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "connectors/deribit/parse.hpp"
#include "engine/core/assert.hpp"

namespace {

using namespace keel;
namespace deribit = connectors::deribit;

constexpr std::size_t kPaddingBytes = 64;

// Exactly the bytes that the decoder may read, so that the sanitizer sees one more.
class ExactText {
public:
    explicit ExactText(std::string_view text)
        : bytes_{std::make_unique<char[]>(text.size() + kPaddingBytes)}, size_{text.size()} {
        std::memcpy(bytes_.get(), text.data(), text.size());
    }
    [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

// What lives through all inputs: a decoder is reused in production too, after good and bad frames alike.
struct Target {
    Target() {
        add("BTC-PERPETUAL", InstrumentKind::perpetual, {5, -1}, {10, 0});
        add("ETH-PERPETUAL", InstrumentKind::perpetual, {5, -2}, {1, 0});
        add("BTC-26MAR21", InstrumentKind::future, {5, -1}, {10, 0});
        add("BTC-29MAY26-60000-C", InstrumentKind::option, {5, -4}, {1, -1});
        decoder = std::make_unique<deribit::Decoder>(table, &order_ids);
    }
    void add(const char* name, InstrumentKind kind, Decimal tick, Decimal lot) {
        Instrument row;
        row.set_name(name);
        row.venue = VenueId::deribit;
        row.kind = kind;
        row.payoff = Payoff::inverse;
        row.underlying = *table.underlying(std::string_view{name}.substr(0, 3));
        row.base = row.settlement = *table.currency(std::string_view{name}.substr(0, 3));
        row.quote = *table.currency("USD");
        row.tick = tick;
        row.lot = lot;
        KEEL_ASSERT(table.add(row).has_value());
    }
    void check(const Result<deribit::Message>& message) const {
        if (!message) {
            KEEL_ASSERT(batch.empty());
            return;
        }
        for (const Event& event : batch.events()) {
            KEEL_ASSERT(event.instrument == InstrumentId::none || slot(event.instrument) < table.size());
            KEEL_ASSERT(event.kind != EventKind::none);
        }
    }

    InstrumentTable table;
    deribit::VenueOrderIds order_ids;
    std::unique_ptr<deribit::Decoder> decoder;
    EventBatch batch;
};

}  // namespace

// The text as a frame, and as the answer to a request that the text's length chooses.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Target target;
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const ExactText text{input};

    target.batch.clear();
    const auto frame = target.decoder->decode(text.view(), target.batch);
    target.check(frame);
    if (frame && !frame->result.empty()) {
        const ExactText result{frame->result};  // a copy: what follows may not look beyond it
        InstrumentTable listed;
        static_cast<void>(deribit::parse_instruments(result.view(), listed));
        static_cast<void>(deribit::parse_auth(result.view()));
        static_cast<void>(deribit::parse_texts(result.view()));
        static_cast<void>(deribit::parse_integer(result.view()));
        static_cast<void>(deribit::parse_expirations(result.view()));
        static_cast<void>(deribit::parse_rate_limits(result.view()));
    }

    target.batch.clear();
    const auto request =
        static_cast<deribit::RequestKind>(size % static_cast<std::size_t>(deribit::RequestKind::count));
    target.check(target.decoder->decode_answer(text.view(), request, target.batch));
    return 0;
}
