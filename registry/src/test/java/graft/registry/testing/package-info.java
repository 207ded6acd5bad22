/** Databases for tests of this module and of the server (through the test-jar). */
package graft.registry.testing;
