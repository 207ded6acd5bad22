/** Large knowledge stores held in memory in short codes, so that a search reads few of the database's pages. */
package graft.registry.knowledge.images;
