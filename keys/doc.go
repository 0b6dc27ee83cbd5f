// Package keys makes, reads and writes the keys with which a forwarder and its peers know one another, and the lists of who may
// connect. It is pure Go.
//
// A key is one of CURVE (https://rfc.zeromq.org/spec/26/), ZeroMQ's encryption: 32 bytes of Curve25519, written as the 40 characters of
// Z85 (https://rfc.zeromq.org/spec/32/). Each party has a [Pair], of which the secret half stays where it was made:
//
//   - a forwarder has one, and a list of the public keys of those who may connect;
//   - a publisher or subscriber has one, and knows the public key of its forwarder, so that it talks to no other.
//
// The guide docs/encryption.md takes two hosts from nothing to an encrypted link.
//
// # Files
//
// A secret key is a file of one line, "zibrato-secret-key" and the key; nobody but its owner may read it. A public key is a line
// "zibrato-public-key", the key, and whatever comment follows. The public half is computed from the secret one.
package keys
