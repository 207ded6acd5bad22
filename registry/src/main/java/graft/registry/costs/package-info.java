/** What the installation pays and earns: the cost book, engine time, storage, closed days, and reports over them. */
package graft.registry.costs;
