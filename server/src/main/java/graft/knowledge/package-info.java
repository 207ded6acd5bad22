/** Documents in, passages out: parsing, chunks, ingestion, retrieval, citations. */
package graft.knowledge;
