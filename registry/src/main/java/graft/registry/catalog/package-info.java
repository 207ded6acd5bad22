/** Adapters: names, immutable versions, their bytes in chunks, and the aliases that point at versions. */
package graft.registry.catalog;
