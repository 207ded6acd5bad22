/** Load and comparison over HTTP, against Graft and its peers alike: a judge that knows nobody from inside. */
package graft.benchmarks;
