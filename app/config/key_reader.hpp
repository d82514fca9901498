#pragma once

#include <string>
#include <vector>

#include "app/config/key_visitor.hpp"
#include "app/config/toml_document.hpp"

namespace keel::app {

// Fills fields from one table of the document. Wrong types, ranges and words are refused at once; keys that
// nobody asked for by `finish`. Thread: any, at start. Throws: ConfigError.
class KeyReader final : public KeyVisitor {
public:
    KeyReader(const TomlValue& table, std::string path);

    void boolean(const char* name, bool& field, const KeyRule& rule) override;
    void integer(const char* name, std::int64_t& field, const KeyRule& rule) override;
    void number(const char* name, double& field, const KeyRule& rule) override;
    void text(const char* name, std::string& field, const KeyRule& rule) override;
    void texts(const char* name, std::vector<std::string>& field, const KeyRule& rule) override;
    void integers(const char* name, std::vector<std::int64_t>& field, const KeyRule& rule) override;
    void choice(const char* name, std::size_t& field, std::span<const char* const> words, const KeyRule& rule) override;
    void section(const char* name, const std::function<void(KeyVisitor&)>& keys) override;
    void sections(const char* name, const std::function<void(std::size_t)>& resize,
                  const std::function<void(KeyVisitor&, std::size_t)>& keys, const KeyRule& rule) override;
    void refuse(const char* name, const std::string& reason) override;
    [[nodiscard]] bool given(const char* name) const override;

    using KeyVisitor::integer;

    // Refuses the first key, by line, that no visit asked for.
    void finish() const;

private:
    [[nodiscard]] const TomlValue* take(const char* name, const KeyRule& rule);
    [[nodiscard]] const TomlValue* take(const char* name, TomlValue::Type type, const KeyRule& rule);
    [[nodiscard]] std::string path_of(const std::string& name) const;
    [[noreturn]] void refuse_at(const TomlValue& value, const std::string& name, const std::string& reason) const;
    void check_range(const TomlValue& value, const char* name, double number, const KeyRule& rule) const;

    const TomlValue& table_;
    std::string path_;
    std::vector<std::string> asked_;
};

// Lists keys with the defaults of the fields that it visits. Thread: any. Throws: never.
class KeyDescriber final : public KeyVisitor {
public:
    explicit KeyDescriber(std::vector<KeyDescription>& out, std::string path = "");

    void boolean(const char* name, bool& field, const KeyRule& rule) override;
    void integer(const char* name, std::int64_t& field, const KeyRule& rule) override;
    void number(const char* name, double& field, const KeyRule& rule) override;
    void text(const char* name, std::string& field, const KeyRule& rule) override;
    void texts(const char* name, std::vector<std::string>& field, const KeyRule& rule) override;
    void integers(const char* name, std::vector<std::int64_t>& field, const KeyRule& rule) override;
    void choice(const char* name, std::size_t& field, std::span<const char* const> words, const KeyRule& rule) override;
    void section(const char* name, const std::function<void(KeyVisitor&)>& keys) override;
    void sections(const char* name, const std::function<void(std::size_t)>& resize,
                  const std::function<void(KeyVisitor&, std::size_t)>& keys, const KeyRule& rule) override;
    void refuse(const char* name, const std::string& reason) override;
    [[nodiscard]] bool given(const char* name) const override;

    using KeyVisitor::integer;

private:
    void add(const char* name, const char* type, std::string fallback, std::string bound, const KeyRule& rule);

    std::vector<KeyDescription>& out_;
    std::string path_;
};

}  // namespace keel::app
