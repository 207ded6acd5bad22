/** Which adapters shall be in memory before anybody asks for them. */
package graft.adapters.residency;
