/** What serving costs: engine time, storage, the ledger's upkeep, and what is reckoned from them. */
package graft.metering.costs;
