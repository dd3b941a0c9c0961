// What the tests of the P-256 and P-384 kernels share: the instances under test, batches of eight, and the same
// operations by libcrypto's EC_POINT and BIGNUM functions.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/lanes/weierstrass.h"

namespace lockstep::crypto::lanes::test {

/// A curve in an instance: the types that the tests are repeated for.
struct P256 {
  static constexpr std::size_t kSize = 32;
  static constexpr int kCurve = NID_X9_62_prime256v1;
  /// The highest window's weight of the fixed base, and the width of a variable base's windows
  /// (weierstrass_multiply.h): they say where additions have their exceptions.
  static constexpr int kBaseTop = 252;
  static constexpr int kWidth = 5;
  /// By how much fewer the random cross-checks are than P-256's.
  static constexpr int kShare = 1;
};
struct P384 {
  static constexpr std::size_t kSize = 48;
  static constexpr int kCurve = NID_secp384r1;
  static constexpr int kBaseTop = 378;
  static constexpr int kWidth = 5;
  static constexpr int kShare = 10;
};
struct P256Ifma : P256 {
  static constexpr bool kPortable = false;
  static const P256Kernels& kernels() { return kP256Ifma; }
};
struct P256Portable : P256 {
  static constexpr bool kPortable = true;
  static const P256Kernels& kernels() { return kP256Portable; }
};
struct P384Ifma : P384 {
  static constexpr bool kPortable = false;
  static const P384Kernels& kernels() { return kP384Ifma; }
};
struct P384Portable : P384 {
  static constexpr bool kPortable = true;
  static const P384Kernels& kernels() { return kP384Portable; }
};
using Instances = ::testing::Types<P256Ifma, P256Portable, P384Ifma, P384Portable>;

/// How many random cross-checks of an operation the instance makes: LOCKSTEP_LANES_CHECKS for P-256 (10,000 if it is
/// not set), a tenth of it for P-384, and a hundredth of that for the slow portable instances.
template <class Instance>
int checks() {
  const char* const wanted = std::getenv("LOCKSTEP_LANES_CHECKS");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  const int count = wanted == nullptr ? 10'000 : std::atoi(wanted);
  return std::max(static_cast<int>(kLanes), count / Instance::kShare / (Instance::kPortable ? 100 : 1));
}

/// A number modulo something, by libcrypto.
class Big {
 public:
  Big() : number_(BN_new()) {}
  explicit Big(std::span<const std::uint8_t> bytes)
      : number_(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr)) {}
  explicit Big(std::string_view hexadecimal) : Big() {
    BIGNUM* number = number_.get();
    BN_hex2bn(&number, std::string(hexadecimal).c_str());
  }
  explicit Big(std::uint64_t word) : Big() { BN_set_word(number_.get(), word); }
  Big(const Big& other) : number_(BN_dup(other.number_.get())) {}
  Big& operator=(const Big& other) {
    if (this != &other) BN_copy(number_.get(), other.number_.get());
    return *this;
  }
  ~Big() = default;

  BIGNUM* get() const { return number_.get(); }
  bool operator==(const Big& other) const { return BN_cmp(get(), other.get()) == 0; }
  bool operator<(const Big& other) const { return BN_cmp(get(), other.get()) < 0; }
  bool is_zero() const { return BN_is_zero(get()); }
  Big operator+(const Big& other) const {
    Big sum;
    BN_add(sum.get(), get(), other.get());
    return sum;
  }
  Big operator-(const Big& other) const {
    Big difference;
    BN_sub(difference.get(), get(), other.get());
    return difference;
  }
  Big operator<<(int count) const {
    Big shifted;
    BN_lshift(shifted.get(), get(), count);
    return shifted;
  }
  Big operator>>(int count) const {
    Big shifted;
    BN_rshift(shifted.get(), get(), count);
    return shifted;
  }
  /// Modulo `modulus`, not negative.
  Big modulo(const Big& modulus) const {
    Big rest;
    BN_nnmod(rest.get(), get(), modulus.get(), context());
    return rest;
  }
  Big times(const Big& other, const Big& modulus) const {
    Big product;
    BN_mod_mul(product.get(), get(), other.get(), modulus.get(), context());
    return product;
  }
  Big inverse(const Big& modulus) const {
    Big inverted;
    BN_mod_inverse(inverted.get(), get(), modulus.get(), context());
    return inverted;
  }
  /// Big-endian, as long as `bytes`.
  void write(std::span<std::uint8_t> bytes) const {
    ASSERT_EQ(BN_bn2binpad(get(), bytes.data(), static_cast<int>(bytes.size())), static_cast<int>(bytes.size()));
  }

  static BN_CTX* context() {
    static BN_CTX* const shared = BN_CTX_new();
    return shared;
  }

 private:
  struct Free {
    void operator()(BIGNUM* number) const { BN_free(number); }
  };
  std::unique_ptr<BIGNUM, Free> number_;
};

/// One lane's values as copyable arrays.
template <std::size_t kSize>
using Bytes = std::array<std::uint8_t, kSize>;

/// Eight of an operation's arguments or results, one a lane, as the kernels take them.
template <std::size_t kSize>
struct Batch {
  std::uint8_t lane[kLanes][kSize] = {};

  void set(std::size_t i, const Bytes<kSize>& value) { std::memcpy(lane[i], value.data(), kSize); }
  Bytes<kSize> get(std::size_t i) const {
    Bytes<kSize> value;
    std::memcpy(value.data(), lane[i], kSize);
    return value;
  }
};

/// Random bytes, repeatable.
class Random {
 public:
  template <std::size_t kSize>
  Bytes<kSize> bytes() {
    Bytes<kSize> drawn;
    for (std::uint8_t& byte : drawn) byte = static_cast<std::uint8_t>(engine_());
    return drawn;
  }
  std::uint64_t number() { return engine_(); }

 private:
  std::mt19937_64 engine_{20160401};
};

/// The curve's operations by libcrypto.
template <class Curve>
class Reference {
 public:
  static constexpr std::size_t kSize = Curve::kSize;
  using Number = Bytes<kSize>;
  using Point = Bytes<1 + 2 * kSize>;

  Reference() : group_(EC_GROUP_new_by_curve_name(Curve::kCurve)) {
    EC_GROUP_get_order(group_.get(), order_.get(), Big::context());
    Big a;
    EC_GROUP_get_curve(group_.get(), field_.get(), a.get(), b_.get(), Big::context());
  }

  const Big& order() const { return order_; }
  const Big& field() const { return field_; }
  const Big& b() const { return b_; }

  static Number number(const Big& value) {
    Number bytes;
    value.write(bytes);
    return bytes;
  }
  Number random_scalar(Random& random) const {
    for (;;) {
      const Number candidate = random.bytes<kSize>();
      const Big value(candidate);
      if (!value.is_zero() && value < order_) return candidate;
    }
  }
  Point base_multiply(const Number& scalar) const { return encoded(combination(Big(scalar), nullptr, Big()).get()); }
  /// x of scalar * peer; the peer is valid.
  Number derive(const Number& scalar, const Point& peer) const {
    const PointPointer point = decoded(peer);
    return x_of(encoded(combination(Big(), point.get(), Big(scalar)).get()));
  }
  NoncePair<kSize> nonce_pair(const Number& k) const {
    NoncePair<kSize> pair;
    Big(k).inverse(order_).write(pair.k_inverse);
    Big(x_of(base_multiply(k))).modulo(order_).write(pair.r);
    return pair;
  }
  /// (r, s) by an injected k.
  Bytes<2 * kSize> sign(const Number& k, const Number& key, const Number& digest) const {
    const NoncePair<kSize> pair = nonce_pair(k);
    const Big r(pair.r);
    const Big s = Big(pair.k_inverse).times(Big(digest) + r.times(Big(key), order_), order_);
    Bytes<2 * kSize> signature;
    r.write(std::span(signature).template first<kSize>());
    s.write(std::span(signature).template last<kSize>());
    return signature;
  }
  /// The key is valid.
  bool verify(const Point& key, const Bytes<2 * kSize>& signature, const Number& digest) const {
    const Big r{std::span(signature).template first<kSize>()};
    const Big s{std::span(signature).template last<kSize>()};
    if (r.is_zero() || s.is_zero() || !(r < order_) || !(s < order_)) return false;
    const Big w = s.inverse(order_);
    const PointPointer point = decoded(key);
    const PointPointer sum = combination(Big(digest).times(w, order_), point.get(), r.times(w, order_));
    if (EC_POINT_is_at_infinity(group_.get(), sum.get()) != 0) return false;
    return Big(x_of(encoded(sum.get()))).modulo(order_) == r;
  }
  /// The point of this x, if there is one.
  bool lift(const Big& x, Point& point) const {
    const PointPointer lifted(EC_POINT_new(group_.get()));
    if (EC_POINT_set_compressed_coordinates(group_.get(), lifted.get(), x.get(), 0, Big::context()) != 1) return false;
    point = encoded(lifted.get());
    return true;
  }
  static Number x_of(const Point& point) {
    Number x;
    std::memcpy(x.data(), point.data() + 1, kSize);
    return x;
  }

 private:
  struct Free {
    void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
    void operator()(EC_POINT* point) const { EC_POINT_free(point); }
  };
  using PointPointer = std::unique_ptr<EC_POINT, Free>;

  /// base G + scalar point.
  PointPointer combination(const Big& base, const EC_POINT* point, const Big& scalar) const {
    PointPointer sum(EC_POINT_new(group_.get()));
    EXPECT_EQ(EC_POINT_mul(group_.get(), sum.get(), base.get(), point, scalar.get(), Big::context()), 1);
    return sum;
  }
  Point encoded(const EC_POINT* point) const {
    Point bytes;
    EXPECT_EQ(EC_POINT_point2oct(group_.get(), point, POINT_CONVERSION_UNCOMPRESSED, bytes.data(), bytes.size(),
                                 Big::context()),
              bytes.size());
    return bytes;
  }
  PointPointer decoded(const Point& bytes) const {
    PointPointer point(EC_POINT_new(group_.get()));
    EXPECT_EQ(EC_POINT_oct2point(group_.get(), point.get(), bytes.data(), bytes.size(), Big::context()), 1);
    return point;
  }

  std::unique_ptr<EC_GROUP, Free> group_;
  Big order_, field_, b_;
};

/// What the tests of all operations start from.
template <class Instance>
class WeierstrassTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kSize = Instance::kSize;
  using Number = Bytes<kSize>;
  using Point = Bytes<1 + 2 * kSize>;
  using Signature = Bytes<2 * kSize>;
  using Numbers = Batch<kSize>;
  using Points = Batch<1 + 2 * kSize>;
  using Signatures = Batch<2 * kSize>;

  void SetUp() override {
    if (!Instance::kPortable && !ifma_available()) GTEST_SKIP() << "no AVX512-IFMA";
  }

  const WeierstrassKernels<kSize>& kernels_ = Instance::kernels();
  const Reference<Instance> reference_;
  Random random_;
};

}  // namespace lockstep::crypto::lanes::test
