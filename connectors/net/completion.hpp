#pragma once

// For the sources that speak TLS: heavy headers of the transport library.

#include <boost/asio/recycling_allocator.hpp>
#include <boost/system/error_code.hpp>
#include <tuple>
#include <type_traits>
#include <utility>

namespace keel::connectors::net {

// A completion handler of any type behind one type, called once. What takes it is compiled once, not once for each
// handler. The handler runs on the stream's own executor: it must be associated with no other.
// Thread: the one that polls. Allocates: one block, which the library keeps for the next one of its size.
template <class... Results>
class Completion {
public:
    template <class Handler>
    requires(!std::is_same_v<std::decay_t<Handler>, Completion>) Completion(Handler&& handler)
        : held_{Of<std::decay_t<Handler>>::make(std::forward<Handler>(handler))} {}
    Completion(Completion&& other) noexcept : held_{std::exchange(other.held_, nullptr)} {}
    Completion& operator=(Completion&&) = delete;
    ~Completion() {
        if (held_ != nullptr) held_->end(held_, nullptr);
    }

    void operator()(boost::system::error_code code, Results... results) {
        const Outcome outcome{code, results...};
        Held* const held = std::exchange(held_, nullptr);
        held->end(held, &outcome);
    }

private:
    using Outcome = std::tuple<boost::system::error_code, Results...>;

    struct Held {
        void (*end)(Held*, const Outcome*);  // gives the memory back, then calls the handler if there is an outcome
    };

    template <class Handler>
    struct Of : Held {
        using Memory = boost::asio::recycling_allocator<Of>;

        explicit Of(Handler&& from) : Held{&finish}, handler{std::move(from)} {}
        explicit Of(const Handler& from) : Held{&finish}, handler{from} {}

        template <class From>
        static Held* make(From&& from) {
            return ::new (static_cast<void*>(Memory{}.allocate(1))) Of{std::forward<From>(from)};
        }

        static void finish(Held* held, const Outcome* outcome) {
            Of* const self = static_cast<Of*>(held);
            Handler handler{std::move(self->handler)};
            self->~Of();
            Memory{}.deallocate(self, 1);
            if (outcome != nullptr) std::apply(handler, *outcome);
        }

        Handler handler;
    };

    Held* held_;
};

}  // namespace keel::connectors::net
