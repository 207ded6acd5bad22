/**
 * The engine on libtorch through Deep Java Library, the only room that imports DJL. The forward pass is a readable
 * TorchScript resource ({@code torchscript/*.py}); a step of a whole mixed batch is one native call.
 */
package graft.engine.torch;
