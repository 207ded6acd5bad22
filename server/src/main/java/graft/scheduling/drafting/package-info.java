/**
 * What a sequence will probably say next, seen from what was said before. Pure: java.base only, no clock, no thread. A
 * guess costs rows of a step when it is wrong and never a token of the answer.
 */
package graft.scheduling.drafting;
