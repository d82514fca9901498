#pragma once

#include <memory>
#include <string>

#include "engine/core/result.hpp"

namespace keel::connectors::net {

// What every TLS connection of ours shares: trusted roots, TLS 1.2 or newer, and verification of the
// peer's chain, dates and host name, which nothing can switch off. Cheap to copy; copies share the store.
// Thread: any, once made. Allocates: while it is made.
class TlsContext {
public:
    // `ca_file`: PEM bundle of trusted roots; empty means the system's store. Errors: file_unreadable.
    static Result<TlsContext> create(const std::string& ca_file = {});

    struct Native;  // the library's context, seen by the sources of this folder only
    [[nodiscard]] Native& native() const { return *native_; }

private:
    explicit TlsContext(std::shared_ptr<Native> native) : native_{std::move(native)} {}
    std::shared_ptr<Native> native_;
};

}  // namespace keel::connectors::net
