/** The servers under test, all spoken to alike: completions of token ids, streamed, with the time of every token. */
package graft.benchmarks.peers;
