#include "tests/tidy/source_tree.hpp"

#include <filesystem>
#include <sstream>

namespace keel::tidy {
namespace {

namespace fs = std::filesystem;

bool is_skipped_folder(const std::string& name) {
    return name == "build" || name == ".git" || name == ".cache" || name == "node_modules";
}

bool is_text(const fs::path& path) {
    static const std::vector<std::string> kExtensions{".hpp", ".cpp", ".md",   ".txt", ".cmake",   ".toml", ".json",
                                                      ".in",  ".js",  ".html", ".css", ".service", ".yml",  ""};
    return std::find(kExtensions.begin(), kExtensions.end(), path.extension().string()) != kExtensions.end();
}

SourceFile load(const fs::path& path, const fs::path& root) {
    SourceFile file{.path = fs::relative(path, root).generic_string(), .lines = {}};
    std::ifstream stream{path};
    for (std::string line; std::getline(stream, line);) file.lines.push_back(line);
    return file;
}

std::vector<std::string> lines_of(const std::string& name) {
    std::vector<std::string> lines;
    std::ifstream stream{fs::path{KEEL_SOURCE_DIR} / "tests/tidy" / name};
    for (std::string line; std::getline(stream, line);) {
        if (!line.empty() && line.front() != '#') lines.push_back(line);
    }
    return lines;
}

}  // namespace

bool SourceFile::is_header() const { return path.ends_with(".hpp"); }
bool SourceFile::is_code() const { return is_header() || path.ends_with(".cpp"); }
std::string SourceFile::folder() const {
    const std::size_t cut = path.rfind('/');
    return cut == std::string::npos ? std::string{} : path.substr(0, cut);
}
std::string SourceFile::room() const {
    const std::size_t cut = path.find('/');
    return cut == std::string::npos ? std::string{} : path.substr(0, cut);
}

const std::vector<SourceFile>& source_tree() {
    static const std::vector<SourceFile> kTree = [] {
        std::vector<SourceFile> tree;
        const fs::path root{KEEL_SOURCE_DIR};
        for (auto at = fs::recursive_directory_iterator{root}; at != fs::recursive_directory_iterator{}; ++at) {
            if (at->is_directory() && is_skipped_folder(at->path().filename().string())) {
                at.disable_recursion_pending();
            } else if (at->is_regular_file() && is_text(at->path()) && at->path().filename() != ".git") {
                tree.push_back(load(at->path(), root));
            }
        }
        std::sort(tree.begin(), tree.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
        return tree;
    }();
    return kTree;
}

std::string code_of(const std::string& line) {
    std::string code;
    bool quoted = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (quoted && c == '\\') {
            ++at;
        } else if (c == '"') {
            quoted = !quoted;
            code += c;
        } else if (!quoted && c == '/' && at + 1 < line.size() && line[at + 1] == '/') {
            break;
        } else if (!quoted) {
            code += c;
        }
    }
    return code;
}

bool is_hot(const std::string& path) {
    static const std::vector<std::string> kHot = lines_of("hot_files.txt");
    return std::any_of(kHot.begin(), kHot.end(), [&](const std::string& hot) {
        return hot.ends_with('/') ? path.starts_with(hot) : path == hot;
    });
}

bool is_excepted(const std::string& path, const std::string& word) {
    static const std::vector<std::string> kExceptions = lines_of("hot_exceptions.txt");
    return std::any_of(kExceptions.begin(), kExceptions.end(), [&](const std::string& line) {
        std::istringstream fields{line};
        std::string excepted_path;
        std::string excepted_word;
        std::string reason;
        fields >> excepted_path >> excepted_word >> reason;
        return excepted_path == path && excepted_word == word && !reason.empty();
    });
}

}  // namespace keel::tidy
