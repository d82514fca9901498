#pragma once

#include <fmt/format.h>

#include <string>

#include "app/config/toml_document.hpp"
#include "app/failure.hpp"

namespace keel::app {

// Where a key stands in the document: "venue", slot 1, "port". Falls back to the nearest that exists.
class Place {
public:
    explicit Place(const TomlValue& document) : at_{&document} {}
    Place key(const std::string& name) const {
        Place inner = *this;
        inner.path_ += (path_.empty() ? "" : ".") + name;
        if (const TomlValue* found = at_->find(name)) inner.at_ = found;
        return inner;
    }
    Place slot(std::size_t i) const {
        Place inner = *this;
        inner.path_ += fmt::format("[{}]", i);
        if (at_->type == TomlValue::Type::array && i < at_->items.size()) inner.at_ = &at_->items[i];
        return inner;
    }
    [[noreturn]] void refuse(const std::string& reason) const {
        throw ConfigError{at_->file, at_->line, path_, reason};
    }

private:
    const TomlValue* at_;
    std::string path_;
};

}  // namespace keel::app
