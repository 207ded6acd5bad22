/** The life of an adapter: the proof of an upload, its files on local disk, what it changes. */
package graft.adapters;
