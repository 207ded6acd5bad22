/** Tenants, their API keys, sessions and limits, and the audit log: records, one DAO each, and their SQL. */
package graft.registry.tenant;
