/** What a deletion removed, counted in its own transaction. */
package graft.registry.knowledge.receipts;
