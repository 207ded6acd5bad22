/** The only room with HTTP and JSON: wire records, routes, one class per resource, errors in OpenAI's shape. */
package graft.api;
