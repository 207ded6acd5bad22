/**
 * Which tokens are computed next, and in which KV blocks: pure decisions over plain data. Imports java.base only and
 * has no clock, thread or I/O, so a step can be replayed and a property test can run a million of them. There is no
 * prefill and no decode phase; a sequence's computed tokens catch up with its length (as in vLLM v1).
 */
package graft.scheduling;
