/** Signatures over an adapter's files: OpenSSF model signing with a key, in a sigstore bundle. */
package graft.adapters.signing;
