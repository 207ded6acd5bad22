/** Documents that are read from the web: from hosts that an operator allowed, and from public addresses only. */
package graft.knowledge.web;
