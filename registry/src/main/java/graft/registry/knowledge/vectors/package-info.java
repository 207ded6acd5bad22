/** HNSW graphs of large knowledge stores: when one is built, and when it is taken away again. */
package graft.registry.knowledge.vectors;
