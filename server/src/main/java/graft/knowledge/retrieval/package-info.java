/** From a question to ranked chunks: the legs, their fusion, folding, reranking and what is shown around a chunk. */
package graft.knowledge.retrieval;
