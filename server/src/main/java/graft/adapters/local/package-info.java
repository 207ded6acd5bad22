/** Adapters that lie on the server's own disk, where an operator allows it. */
package graft.adapters.local;
