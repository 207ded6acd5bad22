/** May this caller do this now, and with which weights. */
package graft.admission;
