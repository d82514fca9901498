#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keel::app {

inline constexpr double kNoBound = std::numeric_limits<double>::infinity();

// What may be said of one key, beside its name (which carries its unit).
struct KeyRule {
    const char* meaning{""};
    double low{-kNoBound};  // inclusive
    double high{kNoBound};  // inclusive
    bool required{false};
};

// One pass over every key of the configuration, bound to the field it fills. Two passes exist: the reader,
// which fills the fields from a document and refuses what is wrong, and the describer, which lists the keys
// with the defaults that the fields hold. One list of keys serves both, so that they cannot disagree.
class KeyVisitor {
public:
    virtual ~KeyVisitor() = default;

    virtual void boolean(const char* name, bool& field, const KeyRule& rule) = 0;
    virtual void integer(const char* name, std::int64_t& field, const KeyRule& rule) = 0;
    virtual void number(const char* name, double& field, const KeyRule& rule) = 0;
    virtual void text(const char* name, std::string& field, const KeyRule& rule) = 0;
    virtual void texts(const char* name, std::vector<std::string>& field, const KeyRule& rule) = 0;
    virtual void integers(const char* name, std::vector<std::int64_t>& field, const KeyRule& rule) = 0;
    // The slot of the word among `words`.
    virtual void choice(const char* name, std::size_t& field, std::span<const char* const> words,
                        const KeyRule& rule) = 0;
    // A table that may be absent.
    virtual void section(const char* name, const std::function<void(KeyVisitor&)>& keys) = 0;
    // Tables in a list: `resize` makes room for so many, `keys` visits the one at a slot.
    virtual void sections(const char* name, const std::function<void(std::size_t)>& resize,
                          const std::function<void(KeyVisitor&, std::size_t)>& keys, const KeyRule& rule) = 0;
    // Refuses with this reason, at `name`'s place; the describer ignores it.
    virtual void refuse(const char* name, const std::string& reason) = 0;
    // Whether the document gave the key; the describer says false.
    [[nodiscard]] virtual bool given(const char* name) const = 0;

    // Any integral field; its own range bounds it as well.
    template <std::integral I>
    requires(!std::same_as<I, std::int64_t> && !std::same_as<I, bool>) void integer(const char* name, I& field,
                                                                                    KeyRule rule) {
        auto wide = static_cast<std::int64_t>(field);
        rule.low = std::max(rule.low, static_cast<double>(std::numeric_limits<I>::min()));
        rule.high = std::min(rule.high, static_cast<double>(std::numeric_limits<I>::max()));
        integer(name, wide, rule);
        field = static_cast<I>(wide);
    }

    // A duration as a whole number of `Unit`, which the name's ending says (_ms, _s).
    template <class Unit, class Duration>
    void duration(const char* name, Duration& field, const KeyRule& rule) {
        auto count = static_cast<std::int64_t>(std::chrono::duration_cast<Unit>(field).count());
        const std::int64_t before = count;
        integer(name, count, rule);
        if (count != before) field = std::chrono::duration_cast<Duration>(Unit{count});
    }

    // An enumeration whose values are 0, 1, 2 … in the order of `words`.
    template <class Enum>
    void word(const char* name, Enum& field, std::span<const char* const> words, const KeyRule& rule) {
        auto chosen = static_cast<std::size_t>(field);
        choice(name, chosen, words, rule);
        field = static_cast<Enum>(chosen);
    }

    // A list of tables of one type.
    template <class T>
    void list(const char* name, std::vector<T>& field, void (*keys)(KeyVisitor&, T&), const KeyRule& rule) {
        sections(
            name, [&field](std::size_t count) { field.resize(count); },
            [&field, keys](KeyVisitor& visitor, std::size_t i) { keys(visitor, field[i]); }, rule);
    }
};

// One row of docs/configuration.md.
struct KeyDescription {
    std::string path;  // "venue[].host"
    std::string type;
    std::string fallback;  // the default as TOML writes it; "required" where there is none
    std::string bound;     // "0.01 to 10", "observe, paper, live", or empty
    std::string meaning;
};

}  // namespace keel::app
