#include "simulator/replay/replay_venue.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "simulator/net/tls_server.hpp"
#include "simulator/replay/recording.hpp"

namespace keel::simulator {
namespace {

namespace ondemand = simdjson::ondemand;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kFramesPerTurnMax = 512;  // then the sockets get their turn
constexpr std::string_view kEmptyResult = R"({"result":null,"id":)";

// A control message of a stream connection.
struct Control {
    std::string method;
    std::vector<std::string> streams;
    std::string id{"null"};  // as it was written
};

std::optional<Control> read_control(std::string_view text) {
    const simdjson::padded_string padded{text};
    ondemand::parser parser;
    ondemand::document document;
    ondemand::object object;
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return std::nullopt;
    if (document.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
    Control control;
    for (auto item : object) {
        ondemand::field field;
        std::string_view key;
        if (std::move(item).get(field) != simdjson::SUCCESS) return std::nullopt;
        if (field.unescaped_key().get(key) != simdjson::SUCCESS) return std::nullopt;
        if (key == "method") {
            std::string_view method;
            if (field.value().get_string().get(method) != simdjson::SUCCESS) return std::nullopt;
            control.method = method;
        } else if (key == "id") {
            std::int64_t id = 0;
            if (field.value().get_int64().get(id) != simdjson::SUCCESS) return std::nullopt;
            control.id = std::to_string(id);
        } else if (key == "params") {
            ondemand::array params;
            if (field.value().get_array().get(params) != simdjson::SUCCESS) return std::nullopt;
            for (auto param : params) {
                std::string_view stream;
                if (param.get_string().get(stream) != simdjson::SUCCESS) return std::nullopt;
                control.streams.emplace_back(stream);
            }
        }
    }
    return control;
}

bool is_stream_path(std::string_view target) {
    const std::string_view path = target.substr(0, target.find('?'));
    return path == "/stream" || path == "/public/stream" || path == "/market/stream";
}

// Stream names are in lower case, symbols in upper.
bool is_same_letter(char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(a) == lower(b);
}

// The value of `name` in a query, not decoded.
std::string_view query_value(std::string_view target, std::string_view name) {
    std::size_t at = target.find('?');
    while (at != std::string_view::npos) {
        const std::string_view pair = target.substr(at + 1, target.find('&', at + 1) - at - 1);
        if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
        at = target.find('&', at + 1);
    }
    return {};
}

}  // namespace

struct ReplayVenue::Core {
    struct Subscriber {
        std::set<std::string, std::less<>> streams;
    };
    struct WaitingRequest {
        RequestId id;
        std::string symbol;
    };

    Core(const ReplayConfig& config, Recording recorded) : options{config}, recording{std::move(recorded)} {
        for (const RecordedMessage& message : recording.messages()) {
            if (message.kind == RecordedMessage::Kind::frame) ++counters.frames_recorded;
            if (message.kind == RecordedMessage::Kind::depth) snapshot_passed[std::string{message.name}] = nullptr;
            if (message.kind == RecordedMessage::Kind::exchange_info) exchange_info = &message;
        }
    }

    ServerHandler handler();
    void on_open(ConnectionId connection, std::string_view target);
    void on_text(ConnectionId connection, std::string_view text);
    void on_http(RequestId request, const HttpRequest& http);
    void subscribe(ConnectionId connection, std::vector<std::string> streams);
    void answer_depth(RequestId request, const std::string& symbol);
    [[nodiscard]] bool is_held(const RecordedMessage& snapshot);
    [[nodiscard]] Clock::time_point due(const RecordedMessage& message) const;
    [[nodiscard]] bool somebody_reads() const;
    void send_frame(const RecordedMessage& message);
    std::size_t pump();
    void finish();

    ReplayConfig options;
    Recording recording;
    std::map<ConnectionId, Subscriber> subscribers;
    // By symbol: the last snapshot whose place has passed, or nullptr.
    std::map<std::string, const RecordedMessage*, std::less<>> snapshot_passed;
    std::vector<WaitingRequest> waiting;
    const RecordedMessage* exchange_info{nullptr};
    std::size_t next{0};
    std::optional<Clock::time_point> started;
    std::optional<Clock::time_point> held_until;
    std::optional<Clock::time_point> idle_since;
    bool closing{false};
    ReplayCounters counters;
    std::unique_ptr<TlsServer> server;  // last: it calls back while it goes
};

ServerHandler ReplayVenue::Core::handler() {
    ServerHandler out;
    out.accepts = [](std::string_view target) { return is_stream_path(target); };
    out.on_open = [this](ConnectionId id, std::string_view target) { on_open(id, target); };
    out.on_text = [this](ConnectionId id, std::string_view text) { on_text(id, text); };
    out.on_close = [this](ConnectionId id) { subscribers.erase(id); };
    out.on_http = [this](RequestId id, const HttpRequest& http) { on_http(id, http); };
    return out;
}

void ReplayVenue::Core::on_open(ConnectionId connection, std::string_view target) {
    subscribers[connection];
    std::vector<std::string> streams;
    std::string_view names = query_value(target, "streams");
    while (!names.empty()) {
        const std::size_t end = std::min(names.find('/'), names.size());
        streams.emplace_back(names.substr(0, end));
        names.remove_prefix(std::min(end + 1, names.size()));
    }
    if (!streams.empty()) subscribe(connection, std::move(streams));
}

void ReplayVenue::Core::on_text(ConnectionId connection, std::string_view text) {
    std::optional<Control> control = read_control(text);
    if (!control) {
        server->send(connection, R"({"code":3,"msg":"Invalid JSON"})");
        return;
    }
    if (control->method == "UNSUBSCRIBE") {
        for (const std::string& stream : control->streams) subscribers[connection].streams.erase(stream);
    } else if (control->method != "SUBSCRIBE") {
        server->send(connection, R"({"code":2,"msg":"Invalid request: unknown method"})");
        return;
    }
    server->send(connection, std::string{kEmptyResult} + control->id + "}");
    if (control->method == "SUBSCRIBE") subscribe(connection, std::move(control->streams));
}

void ReplayVenue::Core::subscribe(ConnectionId connection, std::vector<std::string> streams) {
    counters.subscriptions += streams.size();
    for (std::string& stream : streams) subscribers[connection].streams.insert(std::move(stream));
    if (!started) started = Clock::now();
    if (idle_since) {
        *started += Clock::now() - *idle_since;
        idle_since.reset();
    }
}

void ReplayVenue::Core::on_http(RequestId request, const HttpRequest& http) {
    const std::string_view path = http.target.substr(0, http.target.find('?'));
    if (path == "/fapi/v1/exchangeInfo" || path == "/dapi/v1/exchangeInfo") {
        if (exchange_info == nullptr) {
            server->respond(request, {404, R"({"code":-1000,"msg":"not in this recording"})"});
        } else {
            server->respond(request, {200, std::string{exchange_info->text}});
        }
        return;
    }
    const std::string symbol{query_value(http.target, "symbol")};
    if (path != "/fapi/v1/depth" && path != "/dapi/v1/depth") {
        server->respond(request, {404, R"({"code":-1000,"msg":"unknown path"})"});
    } else if (!snapshot_passed.contains(symbol)) {
        server->respond(request, {400, R"({"code":-1121,"msg":"Invalid symbol."})"});
    } else if (snapshot_passed[symbol] != nullptr) {
        answer_depth(request, symbol);
    } else {
        waiting.push_back({request, symbol});
    }
}

void ReplayVenue::Core::answer_depth(RequestId request, const std::string& symbol) {
    if (server->respond(request, {200, std::string{snapshot_passed[symbol]->text}})) ++counters.snapshots_sent;
}

Clock::time_point ReplayVenue::Core::due(const RecordedMessage& message) const {
    if (options.speed <= 0.0) return *started;
    const auto recorded_ns = static_cast<double>((message.time - recording.first_frame_time()).count());
    return *started + std::chrono::nanoseconds{std::llround(std::max(recorded_ns, 0.0) / options.speed)};
}

// The recorder had asked for this snapshot by now. A client that has not yet, and waits for no other,
// is given time to: at high speed its request needs longer than the recorded interval.
bool ReplayVenue::Core::is_held(const RecordedMessage& snapshot) {
    const auto is_its_depth = [&](const std::string& stream) {
        const std::size_t at = stream.find("@depth");
        return at == snapshot.name.size() && std::ranges::equal(snapshot.name, stream.substr(0, at), is_same_letter);
    };
    const bool wanted = std::ranges::any_of(
        subscribers, [&](const auto& entry) { return std::ranges::any_of(entry.second.streams, is_its_depth); });
    if (!wanted || !waiting.empty() || snapshot_passed.find(snapshot.name)->second != nullptr) {
        held_until.reset();
        return false;
    }
    if (!held_until) held_until = Clock::now() + options.snapshot_wait;
    if (Clock::now() < *held_until) return true;
    held_until.reset();
    return false;
}

bool ReplayVenue::Core::somebody_reads() const {
    return std::ranges::any_of(subscribers, [](const auto& entry) { return !entry.second.streams.empty(); });
}

void ReplayVenue::Core::send_frame(const RecordedMessage& message) {
    std::shared_ptr<const std::string> text;
    for (const auto& [connection, subscriber] : subscribers) {
        if (!subscriber.streams.contains(message.name)) continue;
        if (!text) text = std::make_shared<const std::string>(message.text);
        if (!server->send(connection, text)) continue;
        ++counters.frames_sent;
        counters.bytes_sent += text->size();
    }
}

// Sends what is due and fits. Returns the messages that were passed.
std::size_t ReplayVenue::Core::pump() {
    const std::vector<RecordedMessage>& messages = recording.messages();
    std::size_t passed = 0;
    if (!started || closing) return passed;
    if (next < messages.size() && !somebody_reads()) {
        if (!idle_since) idle_since = Clock::now();
        return passed;
    }
    const Clock::time_point now = Clock::now();
    while (next < messages.size() && passed < kFramesPerTurnMax) {
        const RecordedMessage& message = messages[next];
        if (due(message) > now) break;
        if (message.kind == RecordedMessage::Kind::frame) {
            if (server->queued_bytes_max() > kQueuedBytesMax) break;
            send_frame(message);
        } else if (message.kind == RecordedMessage::Kind::depth) {
            if (is_held(message)) break;
            const std::string symbol{message.name};
            snapshot_passed[symbol] = &message;
            const auto answered = [&](const WaitingRequest& request) {
                if (request.symbol != symbol) return false;
                answer_depth(request.id, symbol);
                return true;
            };
            std::erase_if(waiting, answered);
        }
        ++next;
        ++passed;
    }
    counters.queued_bytes_peak = server->queued_bytes_peak();
    if (next == messages.size()) finish();
    return passed;
}

void ReplayVenue::Core::finish() {
    if (closing || server->queued_bytes_max() > 0) return;
    closing = true;
    constexpr std::uint16_t kNormalClosure = 1000;
    std::vector<ConnectionId> open;
    for (const auto& entry : subscribers) open.push_back(entry.first);
    for (const ConnectionId connection : open) server->close(connection, kNormalClosure, "end of recording");
}

ReplayVenue::ReplayVenue(std::unique_ptr<Core> core) : core_{std::move(core)} {}
ReplayVenue::~ReplayVenue() = default;

Result<std::unique_ptr<ReplayVenue>> ReplayVenue::open(const ReplayConfig& config) {
    Result<Recording> recording = Recording::load(config.data);
    if (!recording) return fail(recording.error());
    return open(config, std::move(*recording));
}

Result<std::unique_ptr<ReplayVenue>> ReplayVenue::open(const ReplayConfig& config, Recording recording) {
    auto core = std::make_unique<Core>(config, std::move(recording));
    TlsServer::Config options;
    options.port = config.port;
    options.certificate = config.certificate;
    options.key = config.key;
    Result<std::unique_ptr<TlsServer>> server = TlsServer::open(options, core->handler());
    if (!server) return fail(server.error());
    core->server = std::move(*server);
    return std::unique_ptr<ReplayVenue>{new ReplayVenue{std::move(core)}};
}

std::uint16_t ReplayVenue::port() const { return core_->server->port(); }

std::size_t ReplayVenue::poll_for(std::chrono::nanoseconds limit) {
    const std::size_t passed = core_->pump();
    if (passed > 0) return passed + core_->server->poll();
    auto wait = limit;
    const auto& messages = core_->recording.messages();
    if (core_->started && core_->next < messages.size()) {
        const auto until_due = core_->due(messages[core_->next]) - Clock::now();
        // What is due but held back waits for the client; look again soon.
        constexpr std::chrono::nanoseconds kLookAgain = std::chrono::microseconds{200};
        wait = std::min(wait, std::max<std::chrono::nanoseconds>(until_due, kLookAgain));
    }
    return core_->server->poll_for(wait);
}

bool ReplayVenue::has_ended() const { return core_->closing && core_->server->sessions() == 0; }

const ReplayCounters& ReplayVenue::counters() const { return core_->counters; }

}  // namespace keel::simulator
