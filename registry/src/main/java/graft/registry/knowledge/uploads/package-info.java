/** Uploads in parts, on their way to becoming files. */
package graft.registry.knowledge.uploads;
