/** What is known and durable, in Postgres. SQL lives in this module and nowhere else. */
package graft.registry;
