/** Text to token ids and back; the only importer of {@code ai.djl.huggingface}. */
package graft.tokens;
