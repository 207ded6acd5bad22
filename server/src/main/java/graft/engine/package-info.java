/**
 * The port between text and arithmetic: what a caller may ask of a model, and what comes back. Imports java.base only;
 * {@code engine.torch} and {@code engine.tensorrt} implement it, everything above knows only this package.
 */
package graft.engine;
