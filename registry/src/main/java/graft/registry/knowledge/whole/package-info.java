/** Stores read as a whole: what of them stands now, all their text, and which revisions may still be cited. */
package graft.registry.knowledge.whole;
