/** {@code ./graft bench retrieval}: how well questions are answered from a test collection, asked over HTTP. */
package graft.benchmarks.retrieval;
