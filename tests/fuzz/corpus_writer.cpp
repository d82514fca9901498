// corpus_writer DATA OUT: writes the recorded messages of both venues, one a file, as the fuzzers' first
// corpus, into OUT/binance and OUT/deribit.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "simulator/replay/compressed_file.hpp"

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t kBytesMax = 16'384;    // longer inputs slow the fuzzer and teach it nothing new
constexpr std::size_t kPerCaptureMax = 150;  // a capture repeats itself

class Corpus {
public:
    explicit Corpus(fs::path folder) : folder_{std::move(folder)} { fs::create_directories(folder_); }
    void add(const std::string& text) {
        if (text.empty() || text.size() > kBytesMax) return;
        std::ofstream{folder_ / std::to_string(count_++)} << text;
    }
    [[nodiscard]] std::size_t count() const { return count_; }

private:
    fs::path folder_;
    std::size_t count_{0};
};

std::vector<std::string> lines_of(const fs::path& file) {
    std::vector<std::string> out;
    const auto text = keel::simulator::read_compressed(file);
    if (!text) return out;
    std::istringstream stream{*text};
    for (std::string line; std::getline(stream, line);) out.push_back(std::move(line));
    return out;
}

// A REST body keeps its first entries only: the whole is too long, its shape is what teaches.
json shortened(json value) {
    constexpr std::size_t kEntriesMax = 3;
    if (value.is_array() && value.size() > kEntriesMax) value.erase(value.begin() + kEntriesMax, value.end());
    if (value.is_structured()) {
        for (json& inner : value) inner = shortened(inner);
    }
    return value;
}

void add_body(Corpus& corpus, const json& body) {
    const std::string whole = body.dump();
    corpus.add(whole.size() <= kBytesMax ? whole : shortened(body).dump());
}

// The kinds of request travel in the ids of their answers, so that every answer is tried as each kind.
void add_answers(Corpus& corpus, json body) {
    constexpr int kRequestKinds = 28;
    if (!body.is_object() || !body.contains("result")) return;
    if (body.dump().size() > kBytesMax) body = shortened(body);
    for (int kind = 0; kind < kRequestKinds; ++kind) {
        body["id"] = kind;
        corpus.add(body.dump());
    }
}

void add_file(Corpus& corpus, const fs::path& file, bool answers) {
    std::size_t added = 0;
    for (const std::string& line : lines_of(file)) {
        if (!line.starts_with('{')) {  // "<ns> <frame>"
            if (added++ < kPerCaptureMax) corpus.add(line.substr(line.find(' ') + 1));
            continue;
        }
        const json row = json::parse(line, nullptr, false);
        if (row.contains("raw")) corpus.add(row["raw"].get<std::string>());
        json body = row.contains("msg") ? row["msg"] : json{};
        if (row.contains("data") && row["data"].is_string()) {
            if (row.value("t", "") == "http")
                body = json::parse(row["data"].get<std::string>(), nullptr, false);
            else if (added++ < kPerCaptureMax)
                corpus.add(row["data"].get<std::string>());
        }
        if (body.is_structured()) {
            add_body(corpus, body);
            if (answers) add_answers(corpus, body);
        }
    }
}

bool is_wanted(const std::string& name) {
    return name.starts_with("raw_") || name.starts_with("cryptofeed_") || name.starts_with("msgparser_") ||
           name.starts_with("nautilus_");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: corpus_writer DATA OUT\n");
        return 2;
    }
    for (const std::string venue : {"binance", "deribit"}) {
        const fs::path folder = fs::path{argv[1]} / venue;
        Corpus corpus{fs::path{argv[2]} / venue};
        if (!fs::is_directory(folder)) continue;
        for (const auto& entry : fs::directory_iterator{folder}) {
            if (is_wanted(entry.path().filename().string())) add_file(corpus, entry.path(), venue == "deribit");
        }
        std::printf("%s: %zu messages\n", venue.c_str(), corpus.count());
    }
    return 0;
}
