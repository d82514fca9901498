#include "app/config/configuration.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "app/config/checks.hpp"
#include "app/config/key_reader.hpp"
#include "app/config/keys.hpp"
#include "app/config/toml_document.hpp"
#include "app/failure.hpp"
#include "app/options.hpp"

namespace keel::app {

namespace {

constexpr std::uintmax_t kFileBytesMax = 4U << 20U;  // a configuration with 10,000 positions is 2 MB

std::string read_text(const std::string& path) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    if (error) throw OutsideError{path + ": cannot be read"};  // before it is opened: a pipe would wait for a writer
    std::ifstream file{path, std::ios::binary};
    if (!file) throw OutsideError{path + ": cannot be read"};
    if (size > kFileBytesMax) throw OutsideError{path + ": larger than 4 MiB"};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

TomlValue text_value(std::string text) {
    TomlValue value;
    value.type = TomlValue::Type::text;
    value.text = std::move(text);
    value.file = "command line";
    return value;
}

TomlValue& section_of(TomlValue& document, const char* name) {
    if (document.find(name) == nullptr) {
        TomlValue made;
        made.file = document.file;
        document.set(name, std::move(made));
    }
    return *document.find(name);
}

// Takes the positions of `portfolio.file` into the document, so that the document is whole without it.
bool take_portfolio(TomlValue& document, const std::string& directory) {
    TomlValue* portfolio = document.find("portfolio");
    if (portfolio == nullptr || portfolio->type != TomlValue::Type::table) return false;
    const TomlValue* file = portfolio->find("file");
    if (file == nullptr || file->type != TomlValue::Type::text || file->text.empty()) return false;
    if (portfolio->find("position") != nullptr) {
        throw ConfigError{file->file, file->line, "portfolio.file", "give a file or [[portfolio.position]], not both"};
    }
    const std::filesystem::path path = std::filesystem::path{directory} / file->text;
    if (!std::filesystem::is_regular_file(path)) {
        throw ConfigError{file->file, file->line, "portfolio.file", path.string() + " is not a file"};
    }
    TomlValue positions = parse_toml(read_text(path.string()), path.string());
    for (std::size_t i = 0; i < positions.keys.size(); ++i) {
        if (positions.keys[i] == "position") continue;
        throw ConfigError{path.string(), positions.items[i].line, positions.keys[i], "unknown key"};
    }
    if (TomlValue* list = positions.find("position")) portfolio->set("position", std::move(*list));
    portfolio->erase("file");
    return true;
}

// Live trading needs the word twice: in the file and on the command line. Less is always allowed.
void settle_mode(TomlValue& document, const ConfigurationOptions& options) {
    TomlValue& engine = section_of(document, "engine");
    if (engine.type != TomlValue::Type::table) return;  // the reader says so
    const TomlValue* given = engine.find("mode");
    const std::string in_file = given != nullptr ? given->text : "";
    const std::uint32_t line = given != nullptr ? given->line : engine.line;
    if (options.for_replay) return;
    if (in_file == "live" && options.mode.empty()) {
        throw ConfigError{document.file, line, "engine.mode", "live needs --mode live on the command line as well"};
    }
    if (options.mode == "live" && in_file != "live") {
        throw ConfigError{document.file, line, "engine.mode",
                          "--mode live needs engine.mode = \"live\" in the file as well"};
    }
    if (!options.mode.empty()) engine.set("mode", text_value(options.mode));
}

Configuration defaults() {
    Configuration configuration;
    // What is steered is the book, not the collateral: an account that holds 100 BTC as margin is long 100 BTC in
    // USD, and few who post it want that sold.
    configuration.risk.hedge_numeraire = risk::HedgeNumeraire::coin;
    // The hedge never asks for more than the gate lets through.
    configuration.hedge.config.order_notional_max_usd = configuration.gate.order_notional_usd_max;
    configuration.hedge.config.position_notional_max_usd = configuration.gate.position_long_usd_max;
    return configuration;
}

}  // namespace

Configuration parse_configuration(std::string_view text, const std::string& name, const ConfigurationOptions& options) {
    TomlValue document = parse_toml(text, name);
    Configuration configuration = defaults();
    configuration.file = name;
    configuration.directory = std::filesystem::path{name}.parent_path().string();
    for (const std::string& assignment : options.overrides) apply_override(document, assignment);
    settle_mode(document, options);
    if (!options.layout.empty()) section_of(document, "engine").set("layout", text_value(options.layout));
    const bool completed = take_portfolio(document, configuration.directory);
    const bool changed = completed || !options.overrides.empty() || !options.mode.empty() || !options.layout.empty();
    KeyReader reader{document, ""};
    visit_keys(reader, configuration);
    reader.finish();
    check_configuration(document, configuration, options);
    configuration.text = changed ? toml_text(document) : std::string{text};
    return configuration;
}

Configuration load_configuration(const std::string& path, const ConfigurationOptions& options) {
    return parse_configuration(read_text(path), path, options);
}

std::vector<KeyDescription> configuration_keys() {
    std::vector<KeyDescription> out;
    KeyDescriber describer{out};
    Configuration configuration = defaults();
    visit_keys(describer, configuration);
    return out;
}

std::string state_directory(const Configuration& configuration, const CommonOptions& common) {
    const bool from_file = !common.state_given && !configuration.state_dir.empty();
    return from_file ? resolved_path(configuration, configuration.state_dir) : common.state_dir;
}

std::string resolved_path(const Configuration& configuration, const std::string& path) {
    if (path.empty() || path.front() == '/' || configuration.directory.empty()) return path;
    return (std::filesystem::path{configuration.directory} / path).string();
}

const char* mode_name(Mode mode) { return kModeWords[static_cast<std::size_t>(mode)]; }
const char* layout_name(Layout layout) { return kLayoutWords[static_cast<std::size_t>(layout)]; }
const char* venue_name(VenueId venue) {
    return venue == VenueId::none ? "none" : kVenueWords[static_cast<std::size_t>(venue) - 1];
}

}  // namespace keel::app
