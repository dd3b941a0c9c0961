// P-384: known answers, and the fixed base's table against libcrypto.
#include "tests/support/vectors.h"
#include "weierstrass_known_answers.h"

namespace lockstep::crypto::lanes::test {
namespace {

constexpr std::uint64_t kTable[][12][32] = {
#include "crypto/lanes/tables/p384_table.inc"
};

template <class Instance>
class P384Test : public WeierstrassTest<Instance> {};
using P384Instances = ::testing::Types<P384Ifma, P384Portable>;
TYPED_TEST_SUITE(P384Test, P384Instances);

// RFC 6979 appendix A.2.6, SHA-384.
constexpr SignatureAnswer kSignatures[] = {
    {.digest = "9a9083505bc92276aec4be312696ef7bf3bf603f4bbd381196a029f340585312313bca4a9b5b890efee42c77b1ee25fe",
     .k = "94ed910d1a099dad3254e9242ae85abde4ba15168eaf0ca87a555fd56d10fbca2907e3e83ba95368623b8c4686915cf9",
     .r = "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
     .s = "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"},
    {.digest = "768412320f7b0aa5812fce428dc4706b3cae50e02a64caa16a782249bfe8efc4b7ef1ccb126255d196047dfedf17a0a9",
     .k = "015ee46a5bf88773ed9123a5ab0807962d193719503c527b031b4c2d225092ada71f4a459bc0da98adb95837db8312ea",
     .r = "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db",
     .s = "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5"},
};
constexpr KeyAnswer kKey = {
    .d = "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
    .x = "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13",
    .y = "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"};

TYPED_TEST(P384Test, Rfc6979) {
  expect_signatures<TypeParam>(kKey, kSignatures);
}

TYPED_TEST(P384Test, SmallMultiplesOfTheGenerator) {
  expect_multiples<TypeParam>(
      {{{.d = "01",
         .x = "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
         .y = "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"},
        {.d = "02",
         .x = "08d999057ba3d2d969260045c55b97f089025959a6f434d651d207d19fb96e9e4fe0e86ebe0e64f85b96a9c75295df61",
         .y = "8e80f1fa5b1b3cedb7bfe8dffd6dba74b275d875bc6cc43e904e505f256ab4255ffd43e94d39e22d61501e700a940e80"},
        {.d = "03",
         .x = "077a41d4606ffa1464793c7e5fdc7d98cb9d3910202dcd06bea4f240d3566da6b408bbae5026580d02d7e5c70500c831",
         .y = "c995f7ca0b0c42837d0bbe9602a9fc998520b41c85115aa5f7684c0edc111eacc24abd6be4b5d298b65f28600a2f1df1"},
        {.d = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52972",
         .x = "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
         .y = "c9e821b569d9d390a26167406d6d23d6070be242d765eb831625ceec4a0f473ef59f4e30e2817e6285bce2846f15f1a0"}}});
}

TYPED_TEST(P384Test, WycheproofEcdh) {
  LOCKSTEP_SHARED_VECTORS(vectors, "ecdh_secp384r1_ecpoint_test.json");
  run_ecdh<TypeParam>(vectors);
}

TYPED_TEST(P384Test, WycheproofEcdsa) {
  LOCKSTEP_SHARED_VECTORS(vectors, "ecdsa_secp384r1_sha384_test.json");
  run_ecdsa<TypeParam>(vectors);
}

TEST(P384Table, HoldsTheOddMultiplesOfEveryWindow) {
  expect_table<P384>(kTable, 6, Big(1) << 416);
}

}  // namespace
}  // namespace lockstep::crypto::lanes::test
