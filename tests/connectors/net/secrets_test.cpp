#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <type_traits>

#include "connectors/net/credentials.hpp"
#include "connectors/net/hmac.hpp"
#include "tests/connectors/net/loopback.hpp"

namespace keel::connectors::net {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
    out << value;
};
static_assert(!Streamable<Secret>);
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);

std::string text_of(const HexDigest& digest) { return {digest.data(), digest.size()}; }

// RFC 4231, cases 1 and 2.
TEST(HmacTest, MatchesThePublishedCases) {
    HmacSha256 first{Secret{std::string(20, '\x0b')}};
    EXPECT_EQ(text_of(first.hex("Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    HmacSha256 second{Secret{"Jefe"}};
    for (int again = 0; again < 3; ++again) {
        EXPECT_EQ(text_of(second.hex("what do ya want for nothing?")),
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}

// RFC 4648 §10.
TEST(HmacTest, EncodesBase64) {
    EXPECT_EQ(base64_of(""), "");
    EXPECT_EQ(base64_of("f"), "Zg==");
    EXPECT_EQ(base64_of("fo"), "Zm8=");
    EXPECT_EQ(base64_of("foobar"), "Zm9vYmFy");
}

TEST(HmacTest, NoncesDiffer) {
    EXPECT_EQ(random_hex(8).size(), 16U);
    EXPECT_NE(random_hex(8), random_hex(8));
}

class CredentialsTest : public testing::Test {
protected:
    std::string write(std::string_view text, mode_t mode) {
        const std::string path = (scratch_.path() / "credentials").string();
        std::ofstream{path} << text;
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }
    static Errc code_of(const Result<Credentials>& result) { return result ? Errc::none : result.error().code; }
    Scratch scratch_;
};

constexpr std::string_view kGood = "# test key\nclient_id = \"AMANDA\"\nclient_secret = \"AMANDASECRECT\"\n";

TEST_F(CredentialsTest, ReadsAPrivateFile) {
    const auto credentials = load_credentials(write(kGood, 0600));
    ASSERT_TRUE(credentials.has_value());
    EXPECT_EQ(credentials->key_id, "AMANDA");
    EXPECT_EQ(credentials->secret.reveal(), "AMANDASECRECT");
}

TEST_F(CredentialsTest, RefusesAFileThatOthersMayRead) {
    for (const mode_t mode : {0644U, 0640U, 0604U, 0660U, 0601U}) {
        EXPECT_EQ(code_of(load_credentials(write(kGood, mode))), Errc::file_mode_unsafe) << mode;
    }
}

TEST_F(CredentialsTest, RefusesALink) {
    const std::string target = write(kGood, 0600);
    const std::string link = (scratch_.path() / "link").string();
    std::filesystem::create_symlink(target, link);
    EXPECT_EQ(code_of(load_credentials(link)), Errc::file_mode_unsafe);
}

TEST_F(CredentialsTest, RefusesMissingAndUnknownKeys) {
    EXPECT_EQ(code_of(load_credentials((scratch_.path() / "none").string())), Errc::file_unreadable);
    EXPECT_EQ(code_of(load_credentials(write("client_id = \"A\"\n", 0600))), Errc::config_invalid);
    EXPECT_EQ(code_of(load_credentials(write("client_id = \"A\"\nsecret = \"\"\n", 0600))), Errc::config_invalid);
    for (const char* bad :
         {"secret = \"  \"\n", "secret = 'b'\n", "secret = \"b\" # mine\n", "secret = \"b\"\nsecret = c\n"}) {
        EXPECT_EQ(code_of(load_credentials(write(std::string{"client_id = \"A\"\n"} + bad, 0600))),
                  Errc::config_invalid)
            << bad;
    }
    const auto unknown = load_credentials(write("client_id = \"A\"\npassword = \"b\"\n", 0600));
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().detail, 2U) << "the line";
}

TEST_F(CredentialsTest, TakesTheEnvironmentOnlyWhereAllowed) {
    ::setenv("KEELTEST_KEY_ID", "id", 1);
    ::setenv("KEELTEST_SECRET", "secret", 1);
    EXPECT_EQ(code_of(credentials_from_environment("KEELTEST", false)), Errc::config_invalid);
    EXPECT_EQ(code_of(credentials_from_environment("KEELTEST", true)), Errc::none);
    ::unsetenv("KEELTEST_SECRET");
    EXPECT_EQ(code_of(credentials_from_environment("KEELTEST", true)), Errc::config_invalid);
}

}  // namespace
}  // namespace keel::connectors::net
