/** Files, knowledge stores, their chunks and indexes, the ingestion queue, and what retrievals saw. */
package graft.registry.knowledge;
