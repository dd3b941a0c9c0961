"""What the benchmarks are to reach, as ratios to a peer in the same run. A row of `lockstep` is meant unless said."""

# Benchmark -> least ratio to OpenSSL: operations per second over operations per second.
TO_OPENSSL = {
    "X25519KeyPair/lockstep": 11,
    "X25519Derive/lockstep": 8,
    "P256KeyPair/lockstep": 3.8,
    "P256Derive/lockstep": 4,
    "EcdsaP256Sign/lockstep": 4.5,
    "EcdsaP256SignOnline/lockstep": 25,
    "Rsa2048Private/lockstep": 3.6,
    "Rsa3072Private/lockstep": 5.5,
    "Rsa4096Private/lockstep": 6.2,
    "P384Sign/lockstep": 38,
    "P384Derive/lockstep": 14,
    "Ed25519Sign/lockstep": 10,
    "Rsa2048Verify/lockstep": 5,
    "EcdsaP256Verify/lockstep": 3.5,
    "EcdsaP384Verify/lockstep": 9,
    "Aes128Gcm/Seal/lockstep/64": 4.5,
    "Aes128Gcm/Seal/lockstep/1400": 4.7,
    "Aes128Gcm/Seal/lockstep/16384": 4.1,
    "Aes128CbcSha1/Seal/lockstep/1400": 3.6,
    "Aes128CbcSha1/Seal/lockstep/16384": 4.5,
    "Tls13X25519EcdsaP256/lockstep/inflight:32": 8,
    "Tls13X25519Rsa2048/lockstep/inflight:32": 4,
    "Tls13PskDhe/lockstep/inflight:32": 8,
    "Tls12EcdheEcdsaP256/lockstep/inflight:32": 7,
    "Tls12RsaRsa2048/lockstep/inflight:32": 3.3,
    "Tls12Ticket/lockstep/inflight:32": 3,
    "Tls12SessionId/lockstep/inflight:32": 3,
    "Tls13X25519EcdsaP256/pooled/inflight:1": 1,
    "Tls13X25519Rsa2048/pooled/inflight:1": 1,
    "Tls13P256EcdsaP256/pooled/inflight:1": 1,
    "Tls12EcdheEcdsaP256/pooled/inflight:1": 1,
    "Tls12EcdheRsa2048/pooled/inflight:1": 1,
}

# Benchmark -> least ratio to calling the library underneath directly, for the bare record.
TO_DIRECT = {
    "Aes128Gcm/Seal/lockstep/64": 0.65,
    "Aes128Gcm/Seal/lockstep/1400": 0.90,
    "Aes128Gcm/Seal/lockstep/16384": 0.90,
}
