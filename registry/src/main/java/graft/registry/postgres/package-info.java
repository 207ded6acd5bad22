/** Postgres itself: the embedded server as a child process, its roles, and the migrations. */
package graft.registry.postgres;
