/** Regular expressions of Python's {@code re}, matched under a budget of steps: strangers write them. */
package graft.weights.pattern;
