/** The ledger, the price book, and what admission holds against a tenant's limits. Money is in integer micros. */
package graft.registry.usage;
