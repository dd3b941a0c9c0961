// bench_crypto: public-key operations of the lanes beside libcrypto's.
#include "bench/crypto/rows.h"
#include "bench/support/context.h"

int main(int argc, char** argv) {
  lockstep::bench::add_key_exchange();
  lockstep::bench::add_signatures();
  lockstep::bench::add_rsa();
  lockstep::bench::add_verification();
  return lockstep::bench::run(argc, argv);
}
