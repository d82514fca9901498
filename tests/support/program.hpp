#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

extern char** environ;

namespace keel::test {

// What a program left behind.
struct Outcome {
    int code{-1};
    std::string out;
    std::string err;
};

// A program run by a test, with what it writes kept in two files. Never outlives the object.
class Program {
public:
    Program(const std::string& path, std::vector<std::string> arguments, const std::filesystem::path& folder,
            const std::string& name, std::vector<std::string> extra_environment = {})
        : out_{folder / (name + ".out")}, err_{folder / (name + ".err")} {
        arguments.insert(arguments.begin(), path);
        std::vector<char*> argv = pointers(arguments);
        std::vector<char*> variables;
        for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
        for (std::string& variable : extra_environment) variables.push_back(variable.data());
        variables.push_back(nullptr);
        posix_spawn_file_actions_t files;
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (::posix_spawn(&pid_, path.c_str(), &files, nullptr, argv.data(), variables.data()) != 0) pid_ = -1;
        ::posix_spawn_file_actions_destroy(&files);
    }
    ~Program() {
        if (pid_ > 0 && !ended_) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    // Exit code; 128 + signal where one ended it; -1 when it still runs at the deadline.
    int wait(std::chrono::seconds deadline) {
        const auto until = std::chrono::steady_clock::now() + deadline;
        while (pid_ > 0 && !ended_) {
            int status = 0;
            if (::waitpid(pid_, &status, WNOHANG) == pid_) {
                ended_ = true;
                code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            } else if (std::chrono::steady_clock::now() > until) {
                return -1;
            } else {
                std::this_thread::sleep_for(std::chrono::milliseconds{5});
            }
        }
        return code_;
    }
    // True as soon as its output (either stream) holds `text`.
    bool says(const std::string& text, std::chrono::seconds deadline) {
        const auto until = std::chrono::steady_clock::now() + deadline;
        while (std::chrono::steady_clock::now() < until) {
            if (out().find(text) != std::string::npos || err().find(text) != std::string::npos) return true;
            if (wait(std::chrono::seconds{0}) != -1) break;
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        return out().find(text) != std::string::npos || err().find(text) != std::string::npos;
    }
    void signal(int number) const { ::kill(pid_, number); }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] std::string out() const { return text_of(out_); }
    [[nodiscard]] std::string err() const { return text_of(err_); }

private:
    static std::vector<char*> pointers(std::vector<std::string>& texts) {
        std::vector<char*> out;
        for (std::string& text : texts) out.push_back(text.data());
        out.push_back(nullptr);
        return out;
    }
    static std::string text_of(const std::filesystem::path& path) {
        std::ifstream file{path, std::ios::binary};
        return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
    }

    std::filesystem::path out_;
    std::filesystem::path err_;
    pid_t pid_{-1};
    bool ended_{false};
    int code_{-1};
};

}  // namespace keel::test
